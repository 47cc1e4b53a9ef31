--[[
  Whether one more lead fits under an agent's limits. Nothing is held for them.

  ARGV[1] lead  [2] agent  [3] their limits

  Says room | full
]]
local lead = open_own(ARGV[1])
local has = lead.is.state and has_room(lead, ARGV[2], ARGV[3])
return { has and 'room' or 'full', '', ARGV[1], '0', '', {} }
