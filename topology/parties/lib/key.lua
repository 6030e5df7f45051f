-- Keys of orders whose number is only unique at one sender.
local key = {}

-- "sender/number"; a / of the sender's is written %2F, so that no two pairs have one key.
function key.of(sender, number)
	return string.gsub(string.gsub(sender, "%%", "%%25"), "/", "%%2F") .. "/" .. number
end

return key
