--[[
  An agent does not want the lead. When nobody is left to wait for, the lead is
  due at once and whoever sweeps the partition moves it on.

  ARGV[1] lead  [2] agent  [3] round, or ''  [4] request  [5] reason, or ''
  ARGV[6] for how many ms it can be taken back

  Says passed | passed_by_all | already_yours | taken | too_late | withdrawn | not_offered
     | reused (the request asked something else before) | unknown
]]
local agent, round = ARGV[2], ARGV[3]
local lead = open_own(ARGV[1])
local is = lead.is
if not is.state then return reply('unknown', lead) end
local before = answered_before(lead, ARGV[4])
if before then return reply(before, lead) end
if is.state == 'assigned' and is.agent == agent then return reply('already_yours', lead) end

local asked = is.state == 'offered' and is.pending and contains(is.pending, agent)
if not asked or (round ~= '' and round ~= is.round) then
  local outcome = outcome_of(is.tried, agent)
  if outcome == 'passed' then return reply('passed', lead) end
  if outcome == nil then return reply('not_offered', lead) end
  if outcome == 'expired' then return reply('too_late', lead) end
  if outcome == 'lost' then return reply('taken', lead) end
  return reply('withdrawn', lead)
end
if now >= tonumber(is['until']) then return reply('too_late', lead) end

resolve(lead, agent, 'passed')
answered(lead, agent)
if ARGV[6] ~= '0' then
  put(lead, 'undo', with(is.undo, agent .. ':' .. int(now + tonumber(ARGV[6]))))
  for _, place in ipairs(kept_for_undo(lead)) do redis.call('ZADD', RESERVED, 0, place) end
end
local word = 'passed'
if not lead.is.pending then
  nobody_left(lead)
  word = 'passed_by_all'
end
known_again(lead, ARGV[4], word)
emit(lead, 'lead.passed', { 'agents', agent, 'by', agent, 'reason', ARGV[5] })
return reply(word, lead)
