--[[
  Stands behind the prelude of every script that decides something: nothing is
  decided where the board may lack what the log has. Says shut, and writes nothing.
]]
if stamps[1] ~= SERVER then return { 'shut', '', ARGV[1], '0', '', {} } end

