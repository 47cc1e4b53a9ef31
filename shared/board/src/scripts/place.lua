--[[
  Puts a new lead on the board and carries out the plan for it. A lead that is
  there already is left as it is: whoever delivers it twice hears the same. Only
  one that could not be routed because nobody can be reached (D-26) goes on when
  it comes again with a way to reach the person.

  KEYS[13…] identities  string  one for each way to recognise the person, -> lead
  ARGV[1] lead  [2] entity  [3] source or ''  [4] received, ms  [5] payload
  ARGV[6] same person: 'no', 'attach' or 'keep' (both with sticky), 'settled' (asked before)
  ARGV[7] sticky, ms, or 0   [8] how many identities   [9] 1: the person can be reached   [10…] the plan

  Says known | released | placed | attached lead | returning agent | full agents
]]
local prefix = string.sub(LEAD, 1, #LEAD - #ARGV[1])
local how_same, sticky, identities = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local lead = open(LEAD, ARGV[1])
if lead.is.state then
  if ARGV[9] == '1' and waits_for(lead, 'completed') then
    let_go(lead, 'completed', ARGV[5], how_same ~= 'no' and remember_person(lead, identities, sticky) or nil)
    return reply('released', lead)
  end
  -- The event of an inquiry is the other lead's.
  local told = lead.is.of and open(prefix .. lead.is.of, lead.is.of) or lead
  return reply('known', told, lead.is.of)
end

local function somebody_we_know()
  if how_same == 'no' then return nil end
  for i = 13, 12 + identities do
    local id = redis.call('GET', KEYS[i])
    local other = id and open(prefix .. id, id)
    if other and other.is.state and other.is.entity == ARGV[2] then return other end
  end
end

local function begin(state)
  put(lead, 'entity', ARGV[2])
  if ARGV[3] ~= '' then put(lead, 'source', ARGV[3]) end
  put(lead, 'state', state)
  put(lead, 'received', ARGV[4])
  put(lead, 't0', int(now))
end

-- The person's lead is still open: this is one more inquiry on it (D-30 b).
local function attach_to(other)
  begin('closed')
  put(lead, 'of', other.id)
  emit(lead, 'lead.closed', { 'reason', '"duplicate"' })
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

local plan = read_plan(10, lead.id, ARGV[2])
if plan.full then return { 'full', plan.full, lead.id, '0', '', {} } end

begin('held')
put(lead, 'inquiries', '1')
redis.call('SET', PAYLOAD, ARGV[5])
redis.call('ZADD', LEADS, ARGV[4], lead.id)
local kept = how_same ~= 'no' and remember_person(lead, identities, sticky) or nil
emit(lead, 'lead.received', { 'payload', ARGV[5], 'kept', kept })
carry_out(lead, plan)
return reply('placed', lead)
