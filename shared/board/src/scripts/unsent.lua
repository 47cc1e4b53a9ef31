--[[
  What a lead still has in the outbox.

  ARGV[1] lead

  Says unsent
]]
return reply('unsent', open(LEAD, ARGV[1]))
