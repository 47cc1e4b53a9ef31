--[[
  Claims a lead for one agent. The first caller wins; the deadline counts
  whether or not it has been acted on yet (D-19).

  ARGV[1] lead  [2] agent  [3] round, or '' for whatever is open now, ponds included
  ARGV[4] request  [5] the agent's limits, which count where no place is reserved
  ARGV[6] where they may claim from: pond:most at a time, or '':ms until it takes back what is not worked, or ''; …
  ARGV[7] 1: limits also count what comes from there (D-21)

  Says won | already_yours | limit_reached | taken | too_late | withdrawn | passed | not_offered
     | reused (the request asked something else before) | unknown
]]
local agent, round, request = ARGV[2], ARGV[3], ARGV[4]
local held = redis.call('HMGET', LEAD, 'state', 'agent', 'how', 'requests', 'until', 'round', 'entity', 'pond')
local state, owner, how, entity = held[1], held[2], held[3], held[7]

local function won(new_how, reclaim_after)
  local lead = open(LEAD, ARGV[1])
  if new_how == 'claimed' then
    resolve(lead, agent, 'claimed')
    resolve_all(lead, 'lost')
  end
  answered(lead, agent)
  local plan = give_to(lead, agent, new_how, new_how == 'pool_claimed' and ARGV[7] == '1' and '1' or nil)
  if reclaim_after then
    put(lead, 'act_by', int(now + reclaim_after))
    wait(lead)
  end
  known_again(lead, request, 'won')
  emit(lead, 'lead.claimed', { 'agents', agent, 'by', agent, 'enrol', plan })
  return reply('won', lead)
end

local function lost()
  -- The pool is open to everybody, so whoever asks for it came later.
  if state == 'assigned' and how == 'pool_claimed' and round == '' then return 'taken' end
  local outcome = outcome_of(redis.call('HGET', LEAD, 'tried'), agent)
  if outcome == nil then return 'not_offered' end
  if outcome == 'passed' then return 'passed' end
  if state == 'assigned' and how ~= 'manual' then return 'taken' end
  if outcome == 'lost' then return 'taken' end
  if outcome == 'expired' then return 'too_late' end
  return 'withdrawn'
end

-- How many leads from `pond` the agent has.
local function had_from(pond)
  local prefix, own, had = string.sub(LEAD, 1, #LEAD - #ARGV[1]), entity .. '|' .. agent .. '|', 0
  for _, mine in ipairs(redis.call('ZRANGEBYLEX', OWNED, '[' .. own, '(' .. string.sub(own, 1, -2) .. '}')) do
    if redis.call('HGET', prefix .. string.match(mine, '[^|]*$'), 'from_pond') == pond then had = had + 1 end
  end
  return had
end

local function answer(word) return { word, '', ARGV[1], '0', '', {} } end

local function claim_from_pond()
  local whose, pond = { id = ARGV[1], is = { entity = entity } }, held[8] or 'pool'
  for name, most, reclaim_after in string.gmatch(ARGV[6], '([^:;]+):(%d*):(%d*)') do
    if name == pond then
      if ARGV[7] == '1' and not has_room(whose, agent, ARGV[5]) then return answer('limit_reached') end
      if most ~= '' and had_from(pond) >= tonumber(most) then return answer('limit_reached') end
      return won('pool_claimed', tonumber(reclaim_after))
    end
  end
  return answer('not_offered')
end

if not state or entity ~= string.match(LEADS, '[^:]*$') then return answer('unknown') end
local before = answered_before({ is = { requests = held[4] or nil } }, request)
if before == 'reused' then return answer('reused') end
if state == 'assigned' and owner == agent then return reply(before or 'already_yours', open(LEAD, ARGV[1])) end
-- It was theirs, and has gone on since.
if before then return answer(state == 'assigned' and 'taken' or 'withdrawn') end
local in_round = state == 'offered' and (round == '' or round == held[6])
if in_round and contains(redis.call('HGET', LEAD, 'pending'), agent) then
  if now >= tonumber(held[5]) then return answer('too_late') end
  local own = { id = ARGV[1], is = { entity = entity } }
  local reserved = redis.call('ZSCORE', RESERVED, member(own, agent))
  if not reserved and not has_room(own, agent, ARGV[5]) then return answer('limit_reached') end
  return won('claimed')
end
if state == 'pooled' and round == '' then return claim_from_pond() end
return answer(lost())
