-- ARGV: user.
only_on_a_primary()
local everyone, own, wrong = generation_of(ARGV[1])
if wrong then
  return wrong
end
return { 'generation', sum(everyone, own) }
