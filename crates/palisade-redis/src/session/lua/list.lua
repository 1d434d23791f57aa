-- ARGV: user, the two edges of the horizon, the most to return.
only_on_a_primary()
whole_or_nothing()
local user, created_after, seen_after, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local everyone, own, wrong_generation = generation_of(user)
if wrong_generation then
  return wrong_generation
end
local reply = { 'records' }
local function add(record)
  if holds(record, created_after, seen_after) and #reply <= 2 * limit then
    reply[#reply + 1] = record.id
    reply[#reply + 1] = record.text
  end
  return #reply > 2 * limit
end
local _, wrong = each_live(user, everyone, own, seen_after, math.huge, add)
return wrong or reply
