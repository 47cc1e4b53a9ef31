--[[
  Lets a held lead go: somebody sends it to routing, which can be done once
  (D-27), or a way to reach the person came in (D-26). The sweep places it.

  KEYS[13…] identities  string  one for each way to recognise the person, -> lead
  ARGV[1] lead  [2] sent or completed  [3] payload, or '' to leave it  [4] how many identities  [5] request
  ARGV[6] sticky, ms, or 0

  Says released | already_routed | not_held (it is, but not for that)
     | reused (the request asked something else before) | unknown
]]
local how, request = ARGV[2], ARGV[5]
local lead = open_own(ARGV[1])
if not lead.is.state then return reply('unknown', lead) end
local before = answered_before(lead, request)
if before then return reply(before, lead) end
if not waits_for(lead, how) then
  local waits = lead.is.state == 'held' and not lead.is.released
  return reply(waits and 'not_held' or 'already_routed', lead)
end

known_again(lead, request, 'released')
let_go(lead, how, ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[6]))
return reply('released', lead)
