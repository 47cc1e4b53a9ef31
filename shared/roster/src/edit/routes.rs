//! Editing routes and their order.

use std::collections::BTreeSet;

use tipoff_domain::{EntityId, EntityView, Invalid, Route, RouteId};
use uuid::Uuid;

use super::{Edited, Expect, not_found, refused};
use crate::entities::Slot;
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
        let view = self.view_of(entity)?;
        let (checked, existed) = self
            .within(entity, |slot| (check(&route, &view), slot.routes.contains_key(&route.id)))?;
        refused(checked)?;
        let key = Key::Route(entity.clone(), route.id.clone());
        let what = format!("route `{}`", route.id);
        let mut edited = self.write(&key, &what, route, existed, expect).await?;
        edited.value.version = edited.version;
        Ok(edited)
    }

    pub async fn delete_route(
        &self,
        entity: &EntityId,
        id: &RouteId,
        expect: Expect,
    ) -> Result<(), EditError> {
        let existed = self.within(entity, |slot| slot.routes.contains_key(id))?;
        self.remove(
            &Key::Route(entity.clone(), id.clone()),
            &format!("route `{id}`"),
            existed,
            expect,
        )
        .await
    }

    /// `order` must name every route exactly once.
    pub async fn order_routes(
        &self,
        entity: &EntityId,
        order: Vec<RouteId>,
        expect: Expect,
    ) -> Result<Edited<Vec<RouteId>>, EditError> {
        let (checked, existed) =
            self.within(entity, |slot| (check_order(&order, slot), slot.order.is_some()))?;
        refused(checked)?;
        // Version 0 is what a list has that was never ordered.
        let expect = if expect == Expect::Version(0) { Expect::Absent } else { expect };
        self.write(&Key::Order(entity.clone()), "the order of the routes", order, existed, expect)
            .await
    }
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

fn check_order(order: &[RouteId], slot: &Slot) -> Result<(), Invalid> {
    let mut invalid = Invalid::default();
    let mut named = BTreeSet::new();
    for (place, id) in order.iter().enumerate() {
        if !slot.routes.contains_key(id) {
            invalid.add(format!("/order/{place}"), format!("`{id}` is not a route of this entity"));
        } else if !named.insert(id) {
            invalid.add(format!("/order/{place}"), format!("`{id}` is on the list twice"));
        }
    }
    for (id, route) in slot.routes.iter().filter(|(id, _)| !named.contains(id)) {
        invalid.add(
            "/order",
            format!("`{id}` (\"{}\") is missing; name every route once", route.value.title),
        );
    }
    invalid.into_result()
}
