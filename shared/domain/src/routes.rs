//! The routes of an entity, in list order.

mod asked;

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use crate::{Criterion, Lead, Route, SourceId};
use asked::Asked;

/// Routes in list order: the first that matches wins (D-3). Whoever changes them changes what
/// leads are held against as well.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    list: Vec<Arc<Route>>,
    /// What all of them ask for, put together when the first lead comes.
    asked: OnceLock<Arc<Asked>>,
}

impl Routes {
    /// What keeps each of them, in order, from taking the lead: the first criterion that it
    /// does not meet. `knows` tells whether a source is one of the entity's.
    pub fn failing(
        &self,
        lead: &Lead,
        knows: impl Fn(&SourceId) -> bool,
    ) -> Vec<Option<Criterion>> {
        let asked = self.asked.get_or_init(|| Arc::new(Asked::by(&self.list)));
        asked.failing(&self.list, lead, knows)
    }
}

impl From<Vec<Arc<Route>>> for Routes {
    fn from(list: Vec<Arc<Route>>) -> Self {
        Self { list, asked: OnceLock::new() }
    }
}

impl Deref for Routes {
    type Target = Vec<Arc<Route>>;

    fn deref(&self) -> &Self::Target {
        &self.list
    }
}

impl DerefMut for Routes {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.asked.take();
        &mut self.list
    }
}

impl<'a> IntoIterator for &'a Routes {
    type Item = &'a Arc<Route>;
    type IntoIter = std::slice::Iter<'a, Arc<Route>>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}
