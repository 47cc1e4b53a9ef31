--[[
  Puts a new lead on the board and carries out the plan for it. A lead that is
  there already is left as it is: whoever delivers it twice hears the same. But
  one that could not be routed because nobody can be reached (D-26) goes on when
  it comes again with a way to reach the person; and so does one of which the log
  has nothing but that it came in, after Redis lost what was decided with that.

  KEYS[13…] identities  string  one for each way to recognise the person, -> lead
  ARGV[1] lead  [2] entity  [3] source or ''  [4] received, ms  [5] payload
  ARGV[6] same person: 'no', 'attach' or 'keep' (both with sticky), 'settled' (asked before, or not to be asked)
  ARGV[7] sticky, ms, or 0   [8] how many identities   [9] 1: the person can be reached   [10…] the plan

  Says known | released | placed | attached lead | returning agent | full agents
]]
local how_same, sticky, identities = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local lead = open(LEAD, ARGV[1])
-- Held for nothing: of the two events of a new lead only the first reached the log.
local has_come_in = lead.is.state == 'held' and not (lead.is.why or lead.is['until'] or lead.is.released)
if lead.is.state and not has_come_in then
  if ARGV[9] == '1' and waits_for(lead, 'completed') then
    let_go(lead, 'completed', ARGV[5], identities, sticky)
    return reply('released', lead)
  end
  -- The event of an inquiry is the other lead's.
  local told = lead.is.of and open(prefix .. lead.is.of, lead.is.of) or lead
  return reply('known', told, lead.is.of)
end

local function begin(state)
  put(lead, 'entity', ARGV[2])
  if ARGV[3] ~= '' then put(lead, 'source', ARGV[3]) end
  put(lead, 'state', state)
  put(lead, 'received', ARGV[4])
  put(lead, 't0', int(now))
end

-- What has come in already has a story of its own; by now the person is known by it.
local other = not has_come_in and somebody_we_know(lead, ARGV[2], identities) or nil
local is_stored = ARGV[11] == 'not_automatic'
local is_open = other and takes_in(other, is_stored)
local agent = other and agent_of(other, sticky)
if is_open and how_same == 'attach' then
  begin('closed')
  return attach_to(lead, other, ARGV[5])
end
-- The person has an agent: the router asks whether they can take it (D-30 c).
if agent and how_same ~= 'settled' then return { 'returning', agent, lead.id, '0', '', {} } end

local plan = read_plan(10, lead.id, ARGV[2])
if plan.full then return { 'full', plan.full, lead.id, '0', '', {} } end

redis.call('SET', PAYLOAD, ARGV[5])
if not has_come_in then
  begin('held')
  put(lead, 'inquiries', '1')
  redis.call('ZADD', LEADS, ARGV[4], lead.id)
  -- Nor is anybody known by it who has a lead that is worked on.
  local knows = how_same ~= 'no' and not (is_stored and (is_open or agent))
  emit(lead, 'lead.received', { 'payload', ARGV[5], 'kept', knows and remember_person(lead, identities, sticky) or nil })
end
carry_out(lead, plan)
return reply('placed', lead)
