-- ARGV: id.
only_on_a_primary()
whole_or_nothing()
local record, wrong = read(ARGV[1])
if wrong then
  return wrong
end
if not record then
  return { 'none' }
end
if not is_in_order(record) then
  return corrupt(record.id, record.text)
end
local everyone, own, wrong_generation = generation_of(record.user)
if wrong_generation then
  return wrong_generation
end
local at, reason = ending_of(record)
return { 'record', record.text, sum(everyone, own), at or '', reason or '' }
