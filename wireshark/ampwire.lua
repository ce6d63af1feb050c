--[[
A Wireshark dissector for AMP, the Asynchronous Messaging Protocol.

Copy it into Wireshark's folder of personal Lua plugins (Help, About, Folders), or give it on the command line:

  tshark -X lua_script:ampwire.lua -r capture.pcap -Y ampwire

Conversations are recognised by their first box. Where that cannot be (a capture that begins in mid-conversation), name
the ports in the preferences of the protocol, or with -d tcp.port==1234,ampwire. What comes behind a StartTLS is Wireshark's
own TLS dissector's; with the secrets it decrypts, the boxes inside are shown as well. What comes behind a protocol
switch is left alone.

Everything is called ampwire, because Wireshark has a protocol amp already: another one, of spacecraft.
]]

local amp = Proto("ampwire", "Asynchronous Messaging Protocol")

local KINDS = { _ask = true, _command = true, _answer = true, _error = true }

local fields = {
  box = ProtoField.none("ampwire.box", "Box"),
  row = ProtoField.none("ampwire.row", "Key and value"),
  key = ProtoField.string("ampwire.key", "Key"),
  value = ProtoField.bytes("ampwire.value", "Value"),
  text = ProtoField.string("ampwire.value.text", "Value as text"),
  command = ProtoField.string("ampwire.command", "Command"),
  ask = ProtoField.string("ampwire.ask", "Tag of the ask"),
  answer = ProtoField.string("ampwire.answer", "Tag of the ask that is answered"),
  error = ProtoField.string("ampwire.error", "Tag of the ask that failed"),
  error_code = ProtoField.string("ampwire.error_code", "Error code"),
  error_description = ProtoField.string("ampwire.error_description", "Error description"),
  asked_in = ProtoField.framenum("ampwire.asked_in", "Asked in", base.NONE, frametype.REQUEST),
  answered_in = ProtoField.framenum("ampwire.answered_in", "Answered in", base.NONE, frametype.RESPONSE),
  time = ProtoField.relative_time("ampwire.time", "Time from ask to answer"),
}
amp.fields = fields

local malformed = ProtoExpert.new("ampwire.malformed", "Not an AMP box", expert.group.MALFORMED, expert.severity.WARN)
local unasked = ProtoExpert.new("ampwire.unasked", "Nobody asked for this", expert.group.SEQUENCE, expert.severity.NOTE)
amp.experts = { malformed, unasked }

amp.prefs.ports = Pref.range("TCP ports", "", "Ports on which everything is taken for AMP", 65535)
amp.prefs.heuristic = Pref.bool("Recognise AMP on any port", true, "By the first box of a conversation")

local tcp_stream = Field.new("tcp.stream")
-- Present where TLS has been dissected earlier in the frame: then we are inside it.
local tls_record = Field.new("tls.record.version")

-- Conversations, by TCP stream. Emptied for each capture.
local conversations = {}

function amp.init()
  conversations = {}
end

-- A stream has one conversation in plaintext, and may have another inside TLS.
local function conversation_of()
  local stream = tcp_stream()
  local name = tostring(stream and stream.value) .. (tls_record() and " tls" or "")
  local found = conversations[name]
  if found == nil then
    -- asks: of each direction, by tag. pairs: asks and answers that belong together, by where they stand.
    -- left: the frame from which on it is AMP no longer. tls: whether it is TLS then.
    found = { asks = {}, pairs = {}, left = nil, tls = false }
    conversations[name] = found
  end
  return found
end

local function ends(pinfo)
  local from = tostring(pinfo.src) .. " " .. pinfo.src_port
  local to = tostring(pinfo.dst) .. " " .. pinfo.dst_port
  return from, to
end

-- Boxes ------------------------------------------------------------------------------------------------------------

-- Finds the end of the box at `offset`.
-- Returns its rows and the offset behind it; or nil when it goes on in the next segment; or false when it is no box.
local function scan(tvb, offset)
  local length = tvb:len()
  local rows = {}
  while true do
    if offset >= length then return nil end
    if tvb(offset, 1):uint() ~= 0 then return false, offset end
    if offset + 2 > length then return nil end
    local key_length = tvb(offset + 1, 1):uint()
    if key_length == 0 then
      if #rows == 0 then return false, offset end
      return rows, offset + 2
    end
    local value_at = offset + 2 + key_length
    if value_at + 2 > length then return nil end
    local value_length = tvb(value_at, 2):uint()
    local next_at = value_at + 2 + value_length
    if next_at > length then return nil end
    rows[#rows + 1] = {
      key = tvb(offset + 2, key_length),
      value = value_length > 0 and tvb(value_at + 2, value_length) or nil,
      all = tvb(offset, next_at - offset),
    }
    offset = next_at
  end
end

-- Wireshark 4.0 has Lua 5.2, which has no utf8.len.
local function is_utf8(raw)
  local at = 1
  while at <= #raw do
    local first = raw:byte(at)
    local more = first < 0x80 and 0 or first < 0xc2 and -1 or first < 0xe0 and 1 or first < 0xf0 and 2 or first < 0xf5 and 3 or -1
    if more < 0 or not raw:sub(at + 1, at + more):find("^" .. ("[\128-\191]"):rep(more) .. "$") then return false end
    at = at + 1 + more
  end
  return true
end

-- The value as text, or nil where it has other bytes than printable ones.
local function text_of(range)
  if range == nil then return "" end
  local raw = range:raw()
  if raw:find("[\0-\8\11\12\14-\31\127]") or not is_utf8(raw) then return nil end
  return raw
end

local function hex_of(range)
  local hex = range:bytes():tohex(true)
  if #hex > 64 then return hex:sub(1, 64) .. "..." end
  return hex
end

-- Protocol text whatever its bytes are: tags need not be text.
local function shown(range)
  return text_of(range) or hex_of(range)
end

local function known_values(rows)
  local values = {}
  for _, row in ipairs(rows) do
    values[row.key:raw()] = { text = shown(row.value), range = row.value or row.all }
  end
  return values
end

local function add_field(tree, field, value)
  tree:add(field, value.range, value.text)
end

-- Remembers who asked, and finds the ask of an answer. Only once for each frame: tags may be used again.
local function pair(conversation, pinfo, values)
  local from, to = ends(pinfo)
  if values._answer or values._error then
    local tag = (values._answer or values._error).text
    local place = pinfo.number .. " answer " .. tag
    if not pinfo.visited and conversation.pairs[place] == nil then
      local asks = conversation.asks[to]
      local ask = asks and asks[tag]
      if ask ~= nil then
        asks[tag] = nil
        ask.answered_in = pinfo.number
        conversation.pairs[place] = { ask = ask, time = pinfo.rel_ts - ask.at }
      end
    end
    return conversation.pairs[place]
  end
  if values._command and values._ask then
    local tag = values._ask.text
    local place = pinfo.number .. " ask " .. tag
    if not pinfo.visited and conversation.pairs[place] == nil then
      local ask = { command = values._command.text, frame = pinfo.number, at = pinfo.rel_ts }
      conversation.asks[from] = conversation.asks[from] or {}
      conversation.asks[from][tag] = ask
      conversation.pairs[place] = { ask = ask }
    end
    return conversation.pairs[place]
  end
  return nil
end

-- Shows what kind of box it is. Returns a line about it, and the command it belongs to.
local function add_kind(tree, conversation, pinfo, values)
  local paired = pair(conversation, pinfo, values)
  if values._answer or values._error then
    local value = values._answer or values._error
    add_field(tree, values._answer and fields.answer or fields.error, value)
    local line = (values._answer and "answer " or "error ") .. value.text
    if not values._answer then
      if values._error_code then
        add_field(tree, fields.error_code, values._error_code)
        line = line .. " " .. values._error_code.text
      end
      if values._error_description then
        add_field(tree, fields.error_description, values._error_description)
      end
    end
    if paired == nil then
      tree:add_proto_expert_info(unasked, "The ask with this tag is not in the capture")
      return line, nil
    end
    tree:add(fields.command, paired.ask.command):set_generated()
    tree:add(fields.asked_in, paired.ask.frame):set_generated()
    local seconds = math.floor(paired.time)
    tree:add(fields.time, NSTime.new(seconds, math.floor((paired.time - seconds) * 1e9 + 0.5))):set_generated()
    return line, paired.ask.command
  end
  if values._command then
    add_field(tree, fields.command, values._command)
    local line = values._command.text .. " ask"
    if values._ask then
      add_field(tree, fields.ask, values._ask)
      line = line .. " " .. values._ask.text
    end
    if paired and paired.ask.answered_in then
      tree:add(fields.answered_in, paired.ask.answered_in):set_generated()
    end
    return line, nil
  end
  tree:add_proto_expert_info(malformed, "Neither an ask nor an answer nor an error")
  return "box without a kind", nil
end

local function add_rows(tree, rows)
  for _, row in ipairs(rows) do
    local key = shown(row.key)
    local text = text_of(row.value)
    local item = tree:add(fields.row, row.all)
    item:set_text(key .. ": " .. (text or hex_of(row.value)))
    item:add(fields.key, row.key, key)
    if row.value then item:add(fields.value, row.value) end -- an empty one has no place in the packet
    if text then item:add(fields.text, row.value or row.all, text) end
  end
end

-- What comes when AMP is over ----------------------------------------------------------------------------------------

-- The head of a TLS record. No box begins so: the first byte of a box is 0.
local function looks_like_tls(tvb, offset)
  local kind = tvb(offset, 1):uint()
  if kind < 0x14 or kind > 0x17 then return false end
  if tvb:len() == offset + 1 then return true end
  return tvb(offset + 1, 1):uint() == 3
end

local tls_dissector = Dissector.get("tls")
local data_dissector = Dissector.get("data")

-- Hands over what begins at `offset`.
local function hand_over(conversation, tvb, offset, pinfo, root)
  local rest = offset == 0 and tvb or tvb(offset):tvb()
  if not conversation.tls then
    data_dissector:call(rest, pinfo, root)
    return tvb:len()
  end
  pinfo.can_desegment = 2 -- each dissector that calls another one takes 1 away, and TLS is as near to TCP as we are
  tls_dissector:call(rest, pinfo, root)
  if pinfo.desegment_len ~= 0 then pinfo.desegment_offset = pinfo.desegment_offset + offset end
  return tvb:len()
end

local function leave(conversation, pinfo, tls)
  if conversation.left ~= nil then return end
  conversation.left = pinfo.number
  conversation.tls = tls
end

-- The dissector -------------------------------------------------------------------------------------------------------

function amp.dissector(tvb, pinfo, root)
  local conversation = conversation_of()
  if conversation.left ~= nil and pinfo.number > conversation.left then
    return hand_over(conversation, tvb, 0, pinfo, root)
  end

  local length = tvb:len()
  local offset = 0
  local tree = nil
  local lines = {}

  local function finish()
    if #lines > 0 then
      pinfo.cols.protocol = "AMP"
      pinfo.cols.info = table.concat(lines, ", ")
      pinfo.cols.info:fence()
    end
  end

  while offset < length do
    local rows, behind = scan(tvb, offset)
    if rows == nil then
      pinfo.desegment_offset = offset
      pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
      finish()
      return length
    end
    if rows == false then
      -- Between two boxes it is the protocol that comes next; inside one it is damage.
      local orderly = behind == offset and tvb(offset, 1):uint() ~= 0
      local tls = orderly and looks_like_tls(tvb, offset)
      if tree == nil and not tls and next(conversation.pairs) == nil then return 0 end -- never was AMP
      leave(conversation, pinfo, tls)
      if not orderly then
        tree = tree or root:add(amp, tvb(offset))
        tree:add_proto_expert_info(malformed, "Not an AMP box")
        lines[#lines + 1] = "not a box"
      end
      finish()
      return hand_over(conversation, tvb, offset, pinfo, root)
    end

    tree = tree or root:add(amp, tvb(offset))
    local box = tree:add(fields.box, tvb(offset, behind - offset))
    local line, answered = add_kind(box, conversation, pinfo, known_values(rows))
    box:set_text("Box: " .. line)
    add_rows(box, rows)
    lines[#lines + 1] = line
    offset = behind

    if answered == "StartTLS" and line:sub(1, 6) == "answer" then
      leave(conversation, pinfo, true)
      finish()
      if offset < length then return hand_over(conversation, tvb, offset, pinfo, root) end
      return length
    end
  end
  finish()
  return length
end

-- Which conversations are AMP -----------------------------------------------------------------------------------------

-- One key of the protocol among the first keys, and nothing before it that is no key.
local function begins_like_amp(tvb)
  local length = tvb:len()
  local offset = 0
  while offset + 2 <= length and tvb(offset, 1):uint() == 0 do
    local key_length = tvb(offset + 1, 1):uint()
    local value_at = offset + 2 + key_length
    if key_length == 0 or value_at + 2 > length then return false end
    if KINDS[tvb(offset + 2, key_length):raw()] then return true end
    offset = value_at + 2 + tvb(value_at, 2):uint()
  end
  return false
end

local function recognise(tvb, pinfo, root)
  if not amp.prefs.heuristic or not begins_like_amp(tvb) then return false end
  if not tls_record() then pinfo.conversation = amp end
  amp.dissector(tvb, pinfo, root)
  return true
end

amp:register_heuristic("tcp", recognise)
amp:register_heuristic("tls", recognise)

local ports = DissectorTable.get("tcp.port")
ports:add_for_decode_as(amp)

local chosen = ""
function amp.prefs_changed()
  if amp.prefs.ports == chosen then return end
  if chosen ~= "" then ports:remove(chosen, amp) end
  chosen = amp.prefs.ports
  if chosen ~= "" then ports:add(chosen, amp) end
end
