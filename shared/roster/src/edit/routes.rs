//! Editing routes and their order.

use std::collections::BTreeSet;

use tipoff_domain::{EntityId, EntityView, Invalid, OnExhausted, Route, RouteId, route};
use uuid::Uuid;

use super::list::{ListEdit, Listed};
use super::ponds::unnamed;
use super::{Edited, Expect, encode, not_found, refused};
use crate::bucket::Write;
use crate::keys::Key;
use crate::{EditError, Roster};

impl Roster {
    /// Gives the route an id (`route.id` is ignored) and puts it at the end of the list.
    pub async fn create_route(
        &self,
        entity: &EntityId,
        mut route: Route,
    ) -> Result<Edited<Route>, EditError> {
        let id = format!("route_{}", Uuid::now_v7().simple());
        route.id = id.parse().expect("hexadecimal digits make a name");
        self.store_route(entity, route, Expect::Absent).await
    }

    /// A route that does not exist is only made with [`Expect::Absent`].
    pub async fn put_route(
        &self,
        entity: &EntityId,
        id: &RouteId,
        mut route: Route,
        expect: Expect,
    ) -> Result<Edited<Route>, EditError> {
        let existed = self.within(entity, |slot| slot.routes.contains_key(id))?;
        if !existed && expect != Expect::Absent {
            return Err(not_found(format!("route `{id}`")));
        }
        route.id = id.clone();
        self.store_route(entity, route, expect).await
    }

    async fn store_route(
        &self,
        entity: &EntityId,
        mut route: Route,
        expect: Expect,
    ) -> Result<Edited<Route>, EditError> {
        // The version is that of the entry, known once it is written.
        route.version = 0;
        let value = encode(&route)?;
        let existed = self.within(entity, |slot| slot.routes.contains_key(&route.id))?;
        let list = self.edit_list(entity, |listed| {
            refused(check(&route, &listed.view))?;
            let mut order = listed.order.clone();
            if !order.contains(&route.id) {
                order.push(route.id.clone());
            }
            let write = write(entity, &route.id, Some(value.clone()), expect);
            Ok(ListEdit { write: Some(write), order })
        });
        route.version = list.await? - 1;
        Ok(Edited { version: route.version, value: route, created: !existed })
    }

    /// Refused while another route hands on to it.
    pub async fn delete_route(
        &self,
        entity: &EntityId,
        id: &RouteId,
        expect: Expect,
    ) -> Result<(), EditError> {
        self.edit_list(entity, |listed| {
            if !listed.order.contains(id) {
                return Err(not_found(format!("route `{id}`")));
            }
            let hands_on = |route: &Route| {
                matches!(&route.on_exhausted, OnExhausted::Route(next) if next == id)
            };
            let others = listed.view.routes.iter().filter(|route| hands_on(route));
            let titles: Vec<_> = others.map(|route| format!("route `{}`", route.title)).collect();
            unnamed(&titles)?;
            let order = listed.order.iter().filter(|other| *other != id).cloned().collect();
            Ok(ListEdit { write: Some(write(entity, id, None, expect)), order })
        })
        .await
        .map(drop)
    }

    /// `order` must name every route exactly once; the default route has no place in it.
    pub async fn order_routes(
        &self,
        entity: &EntityId,
        order: Vec<RouteId>,
        expect: Expect,
    ) -> Result<Edited<Vec<RouteId>>, EditError> {
        let created = self.order_version(entity) == 0;
        let list = self.edit_list(entity, |listed| {
            listed.must_be(expect)?;
            refused(check_order(&order, listed))?;
            Ok(ListEdit { write: None, order: order.clone() })
        });
        let version = list.await?;
        Ok(Edited { value: order, version, created })
    }
}

fn write(entity: &EntityId, id: &RouteId, value: Option<bytes::Bytes>, expect: Expect) -> Write {
    let key = Key::Route(entity.clone(), id.clone()).to_string();
    Write { key, what: format!("route `{id}`"), value, expect }
}

fn check(route: &Route, view: &EntityView) -> Result<(), Invalid> {
    let mut invalid = Invalid::default();
    invalid.absorb(route.check(view));
    let plain = |title: &str| title.trim().to_lowercase();
    let mut others = view.routes.iter().filter(|other| other.id != route.id);
    if others.any(|other| plain(&other.title) == plain(&route.title)) {
        invalid.add("/title", "another route of this entity has this title; choose another");
    }
    invalid.into_result()
}

fn check_order(order: &[RouteId], listed: &Listed) -> Result<(), Invalid> {
    let mut invalid = Invalid::default();
    let mut named = BTreeSet::new();
    for (place, id) in order.iter().enumerate() {
        if id.as_str() == route::DEFAULT {
            invalid.add(
                format!("/order/{place}"),
                "the default route always stands last; leave it out",
            );
        } else if !listed.order.contains(id) {
            invalid.add(format!("/order/{place}"), format!("`{id}` is not a route of this entity"));
        } else if !named.insert(id) {
            invalid.add(format!("/order/{place}"), format!("`{id}` is on the list twice"));
        }
    }
    for id in listed.order.iter().filter(|id| !named.contains(id)) {
        let title = listed.view.route(id).map_or("", |route| &route.title);
        invalid.add("/order", format!("`{id}` (\"{title}\") is missing; name every route once"));
    }
    invalid.into_result()
}
