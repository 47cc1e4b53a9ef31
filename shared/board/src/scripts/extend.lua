--[[
  Nobody swept for a while: a deadline that fell into the gap is put off by the
  gap, so that no agent loses a lead because we were away. All in all by its own
  length at most: where gap follows gap, a lead must move on all the same.

  ARGV[1] lead  [2] when the gap began, ms  [3] when it ended, ms

  Says extended | fine
]]
local lead = open(LEAD, ARGV[1])
local is, due = lead.is, due_at(lead)
local began, ended = tonumber(ARGV[2]), tonumber(ARGV[3])
local waits_for_them = is.state == 'assigned' or is.state == 'offered' and is.pending
if not waits_for_them or not due or due <= began or due > ended then return reply('fine', lead) end

local late = tonumber(is.late or '0')
local field, length = 'until', tonumber(is.window or '0')
if is.state == 'assigned' then field, length = 'act_by', due - tonumber(is.since) - late end
local more = math.min(ended - began, length - late)
if more <= 0 then return reply('fine', lead) end
put(lead, field, int(now + more))
put(lead, 'late', int(late + more))
wait(lead)
emit(lead, 'offer.extended', { 'agents', is.pending or is.agent })
return reply('extended', lead)
