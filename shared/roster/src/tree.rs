//! Which entity stands below which: companies hold offices, offices hold teams.

use std::collections::{BTreeSet, HashMap};

use tipoff_domain::EntityId;

/// Who stands where, as of one moment. Two edits at the same time may leave a
/// circle; every walk ends all the same.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    parents: HashMap<EntityId, EntityId>,
    children: HashMap<EntityId, BTreeSet<EntityId>>,
}

impl Tree {
    pub(crate) fn place(&mut self, id: &EntityId, parent: Option<&EntityId>) {
        if let Some(before) = self.parents.remove(id)
            && let Some(children) = self.children.get_mut(&before)
        {
            children.remove(id);
        }
        if let Some(parent) = parent {
            self.parents.insert(id.clone(), parent.clone());
            self.children.entry(parent.clone()).or_default().insert(id.clone());
        }
    }

    /// Those that `id` stands below, the nearest first.
    pub fn above(&self, id: &EntityId) -> Vec<EntityId> {
        let mut above: Vec<EntityId> = Vec::new();
        let mut at = id;
        while let Some(parent) = self.parents.get(at).filter(|parent| *parent != id) {
            if above.contains(parent) {
                break;
            }
            above.push(parent.clone());
            at = parent;
        }
        above
    }

    /// Those that stand below `id`, the nearest first, then by name.
    pub fn below(&self, id: &EntityId) -> Vec<EntityId> {
        let mut below: Vec<EntityId> = Vec::new();
        let mut seen = BTreeSet::from([id]);
        let mut level = vec![id];
        while !level.is_empty() {
            let children = level.into_iter().filter_map(|id| self.children.get(id)).flatten();
            level = children.filter(|child| seen.insert(child)).collect();
            below.extend(level.iter().copied().cloned());
        }
        below
    }

    /// Whether `lower` stands below `upper`.
    pub fn is_below(&self, lower: &EntityId, upper: &EntityId) -> bool {
        self.above(lower).contains(upper)
    }

    /// The entity that all of the tree stands below; `id` itself if it stands alone.
    pub fn root(&self, id: &EntityId) -> EntityId {
        self.above(id).pop().unwrap_or_else(|| id.clone())
    }
}

/// Each below the one beside it.
impl<'a> FromIterator<(&'a EntityId, &'a EntityId)> for Tree {
    fn from_iter<I: IntoIterator<Item = (&'a EntityId, &'a EntityId)>>(pairs: I) -> Self {
        let mut tree = Self::default();
        for (id, parent) in pairs {
            tree.place(id, Some(parent));
        }
        tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> EntityId {
        name.parse().unwrap()
    }

    fn tree(pairs: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        for (lower, upper) in pairs {
            tree.place(&id(lower), Some(&id(upper)));
        }
        tree
    }

    #[test]
    fn the_nearest_come_first() {
        let tree = tree(&[("west", "acme"), ("lofts", "west"), ("east", "acme")]);
        assert_eq!(tree.above(&id("lofts")), [id("west"), id("acme")]);
        assert_eq!(tree.below(&id("acme")), [id("east"), id("west"), id("lofts")]);
        assert_eq!(tree.root(&id("lofts")), id("acme"));
        assert!(tree.is_below(&id("lofts"), &id("acme")));
        assert!(
            !tree.is_below(&id("east"), &id("west")) && !tree.is_below(&id("acme"), &id("acme"))
        );
    }

    #[test]
    fn who_moves_is_found_in_one_place_only() {
        let mut tree = tree(&[("west", "acme"), ("lofts", "west")]);
        tree.place(&id("lofts"), Some(&id("acme")));
        assert_eq!((tree.below(&id("west")), tree.above(&id("lofts"))), (vec![], vec![id("acme")]));
        tree.place(&id("lofts"), None);
        assert_eq!(tree.below(&id("acme")), [id("west")]);
    }

    #[test]
    fn a_circle_is_walked_once() {
        let tree = tree(&[("a", "b"), ("b", "c"), ("c", "a")]);
        assert_eq!(tree.above(&id("a")), [id("b"), id("c")]);
        assert_eq!(tree.below(&id("a")), [id("c"), id("b")]);
    }
}
