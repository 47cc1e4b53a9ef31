--[[
  Takes a lead off the board that is over; the log keeps it. Nothing happens to
  it by that, so there is no event.

  ARGV[1] lead  [2] ms: nobody has had anything to do with it since

  Says gone | stays
]]
local lead = open_own(ARGV[1])
local is = lead.is
-- What is still on its way to the log must be found here.
if not is.state or is.unsent or not is_over(is, tonumber(ARGV[2])) then return 'stays' end
if is.agent then redis.call('ZREM', OWNED, member(lead, is.agent)) end
redis.call('ZREM', LEADS, lead.id)
redis.call('ZREM', inquiries(), lead.id)
redis.call('DEL', LEAD, PAYLOAD)
return 'gone'
