--[[
  How people are recognised (D-30), and leads that wait until they are let go.
]]

-- For so long a lead may rest before somebody has it, and only then their time with
-- the person begins (D-30 c). After that it is not known whose it is, which saves room.
local A_YEAR = 365 * 24 * 60 * 60 * 1000

local prefix = string.sub(LEAD, 1, #LEAD - #ARGV[1])

-- KEYS[13…]: one for each way to recognise the person. Answers for how many ms
-- they are remembered, if at all.
local function remember_person(lead, identities, sticky)
  local kept = int(sticky + A_YEAR)
  for i = 13, 12 + identities do redis.call('SET', KEYS[i], lead.id, 'PX', kept) end
  return identities > 0 and kept or nil
end

-- An inquiry stands for the lead that took it in.
local function lead_for(id)
  local other = open(prefix .. id, id)
  while other.is.of do other = open(prefix .. other.is.of, other.is.of) end
  return other
end

-- Another lead that the person is known by, in whatever state.
local function somebody_we_know(lead, entity, identities)
  for i = 13, 12 + identities do
    local id = redis.call('GET', KEYS[i])
    local other = id and lead_for(id)
    if other and other.id ~= lead.id and other.is.state and other.is.entity == entity then return other end
  end
end

local HELD_FOR = { sent = 'not_automatic', completed = 'incomplete' }

-- Whether `how` is what the lead was held for.
local function waits_for(lead, how)
  return lead.is.state == 'held' and not lead.is.released and lead.is.why == HELD_FOR[how]
end

-- Whether `other` is open for one more inquiry (D-30 b). What is only stored (D-27) must
-- not swallow one that is to be routed.
local function takes_in(other, is_stored)
  local state = other.is.state
  return state and state ~= 'assigned' and state ~= 'closed' and (is_stored or not waits_for(other, 'sent'))
end

-- The agent who has the person (D-30 c). For what was let go a moment ago speaks
-- whoever knew them before.
local function agent_of(other, sticky)
  local is = other.is.known_by and lead_for(other.is.known_by).is or other.is
  if is.state == 'assigned' and now < tonumber(is.since or '0') + sticky then return is.agent end
end

-- From now on `lead`, which stands nowhere, is one more inquiry on `other` (D-30 b).
local function attach_to(lead, other, payload)
  -- First, so that nothing is said to be part of a lead whose story does not have it.
  put(other, 'inquiries', int((tonumber(other.is.inquiries) or 1) + 1))
  emit(other, 'lead.duplicate', { 'inquiry', lead.id, 'payload', payload })
  put(lead, 'state', 'closed')
  put(lead, 'of', other.id)
  if not lead.is.released then redis.call('ZADD', inquiries(), lead.is.received, lead.id) end
  emit(lead, 'lead.closed', { 'reason', '"duplicate"' })
  save(lead)
  return reply('attached', other, other.id)
end

-- From now on it is routed, as if it had just come in, and the person is known by it.
-- By which lead they were known before is kept until then: that is asked first (see `recognise.lua`).
local function let_go(lead, how, payload, identities, sticky)
  local other = somebody_we_know(lead, lead.is.entity, identities)
  leave_queues(lead)
  put(lead, 'known_by', other and other.is.state ~= 'closed' and other.id or nil)
  put(lead, 'released', how)
  put(lead, 't0', int(now))
  if payload ~= '' then redis.call('SET', PAYLOAD, payload) end
  wait(lead)
  emit(lead, 'lead.released', { 'payload', payload, 'kept', remember_person(lead, identities, sticky) })
end
