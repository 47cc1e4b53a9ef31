--[[
  How people are recognised (D-30), and leads that wait until they are let go.
]]

-- How long a person is remembered at least; memory only, nothing hangs on it.
local NINETY_DAYS = 90 * 24 * 60 * 60 * 1000

-- KEYS[13…]: one for each way to recognise the person. Answers for how many ms
-- they are remembered, if at all.
local function remember_person(lead, identities, sticky)
  local kept = int(math.max(sticky, NINETY_DAYS))
  for i = 13, 12 + identities do redis.call('SET', KEYS[i], lead.id, 'PX', kept) end
  return identities > 0 and kept or nil
end

local HELD_FOR = { sent = 'not_automatic', completed = 'incomplete' }

-- Whether `how` is what the lead was held for.
local function waits_for(lead, how)
  return lead.is.state == 'held' and not lead.is.released and lead.is.why == HELD_FOR[how]
end

-- From now on it is routed, as if it had just come in.
local function let_go(lead, how, payload, kept)
  leave_queues(lead)
  put(lead, 'released', how)
  put(lead, 't0', int(now))
  if payload ~= '' then redis.call('SET', PAYLOAD, payload) end
  wait(lead)
  emit(lead, 'lead.released', { 'payload', payload, 'kept', kept })
end
