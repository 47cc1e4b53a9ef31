//! Rooms in which an entity hears of its leads.

use tipoff_domain::{Channel, EntityId};

use super::{Edited, Expect};
use crate::keys::Key;
use crate::{EditError, Room, Roster};

impl Roster {
    /// The entity's room in that chat.
    pub fn room(&self, entity: &EntityId, chat: Channel) -> Option<Room> {
        let entities = self.entities.read();
        Some(entities.slot(entity)?.rooms.get(&chat)?.value.as_ref().clone())
    }

    /// For `ETag`; `None`: there is no such room.
    pub fn room_version(&self, entity: &EntityId, chat: Channel) -> Option<u64> {
        Some(self.entities.read().slot(entity)?.rooms.get(&chat)?.version)
    }

    /// Takes the place of whatever stands there.
    pub async fn put_room(
        &self,
        entity: &EntityId,
        chat: Channel,
        room: Room,
    ) -> Result<(), EditError> {
        self.edit_room(entity, chat, room, Expect::Anything).await.map(drop)
    }

    pub async fn edit_room(
        &self,
        entity: &EntityId,
        chat: Channel,
        room: Room,
        expect: Expect,
    ) -> Result<Edited<Room>, EditError> {
        let existed = self.within(entity, |slot| slot.rooms.contains_key(&chat))?;
        let key = Key::Room(entity.clone(), chat);
        self.write(&key, &named(chat), room, existed, expect).await
    }

    pub async fn remove_room(
        &self,
        entity: &EntityId,
        chat: Channel,
        expect: Expect,
    ) -> Result<(), EditError> {
        let existed = self.within(entity, |slot| slot.rooms.contains_key(&chat))?;
        let key = Key::Room(entity.clone(), chat);
        self.remove(&key, &named(chat), existed, expect).await
    }
}

fn named(chat: Channel) -> String {
    format!("the room in `{}`", chat.as_str())
}
