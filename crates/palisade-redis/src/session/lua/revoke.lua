-- ARGV: user, id, when, why.
only_on_a_primary()
whole_or_nothing()
local record, wrong = read(ARGV[2])
if wrong then
  return wrong
end
if not record or record.user ~= ARGV[1] then
  return { 'none' }
end
local at, reason = ending_of(record)
if not at then
  at, reason = ARGV[3], ARGV[4]
  finish(record, at, reason)
end
return { 'ended', at, reason }
