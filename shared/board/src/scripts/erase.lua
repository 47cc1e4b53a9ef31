--[[
  Forgets the person: what was sent and what they are recognised by. What became
  of the lead stays; it is closed, and offers still out are withdrawn.

  KEYS[13] notices  hash  what became of notices about the lead
  KEYS[14…] identities  string  what the person is recognised by, -> lead
  ARGV[1] lead  [2] who did it  [3] how many identities  [4] request

  Says erased | reused (the request asked something else before) | unknown
]]
local lead = open_own(ARGV[1])
if not lead.is.state then return reply('unknown', lead) end
local before = answered_before(lead, ARGV[4])
if before then return reply(before, lead) end
if lead.is.erased then return reply('erased', lead) end

local withdrawn = resolve_all(lead, 'withdrawn')
if withdrawn then emit(lead, 'offer.withdrawn', { 'agents', withdrawn, 'by', ARGV[2] }) end
leave_queues(lead)
for _, field in ipairs({ 'pond', 'from_pond', 'again' }) do put(lead, field, nil) end
put(lead, 'state', 'closed')
put(lead, 'erased', '1')
known_again(lead, ARGV[4], 'erased')
redis.call('DEL', PAYLOAD, KEYS[13])
for i = 14, 13 + tonumber(ARGV[3]) do
  -- They may have come again since.
  if redis.call('GET', KEYS[i]) == (lead.is.of or lead.id) then redis.call('DEL', KEYS[i]) end
end
emit(lead, 'lead.erased', { 'agents', lead.is.agent, 'by', ARGV[2] })
return reply('erased', lead)
