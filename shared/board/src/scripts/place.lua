--[[
  Puts a new lead on the board and carries out the plan for it. A lead that is
  there already is left as it is: whoever delivers it twice hears the same.

  KEYS[13…] identities  string  one for each way to recognise the person, -> lead
  ARGV[1] lead  [2] entity  [3] source or ''  [4] received, ms  [5] payload
  ARGV[6] same person: 'no', 'attach' or 'keep' (both with sticky), 'settled' (asked before)
  ARGV[7] sticky, ms, or 0   [8] how many identities   [9…] the plan

  Says known | placed | attached lead | returning agent | full agents
]]
local prefix = string.sub(LEAD, 1, #LEAD - #ARGV[1])
local lead = open(LEAD, ARGV[1])
if lead.is.state then
  -- The event of an inquiry is the other lead's.
  local told = lead.is.of and open(prefix .. lead.is.of, lead.is.of) or lead
  return reply('known', told, lead.is.of)
end

-- How long a person is remembered at least; memory only, nothing hangs on it.
local NINETY_DAYS = 90 * 24 * 60 * 60 * 1000

local how_same, sticky = ARGV[6], tonumber(ARGV[7])

local function somebody_we_know()
  if how_same == 'no' then return nil end
  for i = 13, 12 + tonumber(ARGV[8]) do
    local id = redis.call('GET', KEYS[i])
    local other = id and open(prefix .. id, id)
    if other and other.is.state and other.is.entity == ARGV[2] then return other end
  end
end

-- The person's lead is still open: this is one more inquiry on it (D-30 b).
local function attach_to(other)
  for field, value in pairs({ entity = ARGV[2], state = 'closed', of = other.id, received = ARGV[4], t0 = int(now) }) do
    put(lead, field, value)
  end
  save(lead)
  put(other, 'inquiries', int((tonumber(other.is.inquiries) or 1) + 1))
  emit(other, 'lead.duplicate', { 'inquiry', ARGV[1], 'payload', ARGV[5] })
  return reply('attached', other, other.id)
end

local other = somebody_we_know()
if other and how_same == 'attach' and other.is.state ~= 'assigned' and other.is.state ~= 'closed' then
  return attach_to(other)
end
-- The person has an agent: the router asks whether they can take it (D-30 c).
if other and how_same ~= 'settled' and other.is.state == 'assigned' and now < tonumber(other.is.since or '0') + sticky then
  return { 'returning', other.is.agent, lead.id, '0', '', {} }
end

local plan = read_plan(9, lead.id, ARGV[2])
if plan.full then return { 'full', plan.full, lead.id, '0', '', {} } end

put(lead, 'entity', ARGV[2])
if ARGV[3] ~= '' then put(lead, 'source', ARGV[3]) end
put(lead, 'state', 'held')
put(lead, 'received', ARGV[4])
put(lead, 't0', int(now))
put(lead, 'inquiries', '1')
redis.call('SET', PAYLOAD, ARGV[5])
redis.call('ZADD', LEADS, ARGV[4], lead.id)
if how_same ~= 'no' then
  for i = 13, 12 + tonumber(ARGV[8]) do redis.call('SET', KEYS[i], lead.id, 'PX', math.max(sticky, NINETY_DAYS)) end
end
emit(lead, 'lead.received', { 'payload', ARGV[5] })
carry_out(lead, plan)
return reply('placed', lead)
