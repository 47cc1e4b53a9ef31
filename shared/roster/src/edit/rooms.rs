//! Rooms in which an entity hears of its leads.

use tipoff_domain::{Channel, EntityId};

use super::Expect;
use crate::keys::Key;
use crate::{EditError, Room, Roster};

impl Roster {
    /// The entity's room in that chat.
    pub fn room(&self, entity: &EntityId, chat: Channel) -> Option<Room> {
        self.entities.read().slot(entity)?.rooms.get(&chat).cloned()
    }

    pub async fn put_room(
        &self,
        entity: &EntityId,
        chat: Channel,
        room: Room,
    ) -> Result<(), EditError> {
        self.within(entity, |_| ())?;
        let key = Key::Room(entity.clone(), chat);
        self.write(&key, "the room", room, true, Expect::Anything).await.map(drop)
    }

    pub async fn remove_room(&self, entity: &EntityId, chat: Channel) -> Result<(), EditError> {
        let existed = self.within(entity, |slot| slot.rooms.contains_key(&chat))?;
        let key = Key::Room(entity.clone(), chat);
        self.remove(&key, "the room", existed, Expect::Anything).await
    }
}
