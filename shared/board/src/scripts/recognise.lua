--[[
  Whether somebody has the person of a lead that was let go, before it is planned
  (D-30): an open lead takes it in as one more inquiry.

  KEYS[13…] identities  string  one for each way to recognise the person, -> lead
  ARGV[1] lead  [2] the version that was looked at  [3] same person: attach, or keep  [4] sticky, ms, or 0
  ARGV[5] how many identities

  Says attached lead | returning agent | nobody | stale (it has changed since)
]]
local sticky, identities = tonumber(ARGV[4]), tonumber(ARGV[5])
local lead = open_own(ARGV[1])
if not lead.is.known_by or lead.is.version ~= ARGV[2] then return reply('stale', lead) end

local other = lead_for(lead.is.known_by)
-- Two that were let go at once may each have known the person by the other.
local is_another = other.id ~= lead.id
if is_another and ARGV[3] == 'attach' and takes_in(other, false) then
  local payload = redis.call('GET', PAYLOAD) or ''
  leave_queues(lead)
  for i = 13, 12 + identities do
    if redis.call('GET', KEYS[i]) == lead.id then redis.call('SET', KEYS[i], other.id, 'KEEPTTL') end
  end
  return attach_to(lead, other, payload)
end
local agent = agent_of(other, sticky)
return reply(agent and 'returning' or 'nobody', lead, agent)
