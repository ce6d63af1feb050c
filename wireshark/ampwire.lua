--[[
A Wireshark dissector for AMP, the Asynchronous Messaging Protocol.

Copy this file to Wireshark's folder of personal Lua plugins (see Help, About, Folders), or pass it on the command line:

  tshark -X lua_script:ampwire.lua -r capture.pcap -Y ampwire

The dissector recognises a conversation by its first box. If a capture begins within a conversation, set the ports in the
preferences of the protocol, or with -d tcp.port==1234,ampwire. Bytes after StartTLS go to Wireshark's own TLS dissector. If it has
the TLS secrets, this dissector also shows the boxes inside TLS. Bytes after a protocol switch are shown as data.

The protocol is named ampwire, because Wireshark already has a protocol amp, which is for spacecraft.
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
  answer = ProtoField.string("ampwire.answer", "Tag of the answered ask"),
  error = ProtoField.string("ampwire.error", "Tag of the failed ask"),
  error_code = ProtoField.string("ampwire.error_code", "Error code"),
  error_description = ProtoField.string("ampwire.error_description", "Error description"),
  asked_in = ProtoField.framenum("ampwire.asked_in", "Ask in", base.NONE, frametype.REQUEST),
  answered_in = ProtoField.framenum("ampwire.answered_in", "Answer in", base.NONE, frametype.RESPONSE),
  time = ProtoField.relative_time("ampwire.time", "Time from ask to answer"),
}
amp.fields = fields

local malformed = ProtoExpert.new("ampwire.malformed", "Not an AMP box", expert.group.MALFORMED, expert.severity.WARN)
local unasked = ProtoExpert.new("ampwire.unasked", "Answer without an ask", expert.group.SEQUENCE, expert.severity.NOTE)
amp.experts = { malformed, unasked }

amp.prefs.ports = Pref.range("TCP ports", "", "Ports whose data is always dissected as AMP", 65535)
amp.prefs.heuristic = Pref.bool("Recognise AMP on any port", true, "Recognise a conversation by its first box")

local tcp_stream = Field.new("tcp.stream")
-- Set if Wireshark has already dissected TLS in this frame: the boxes are then inside TLS.
local tls_record = Field.new("tls.record.version")

-- Conversations by TCP stream, cleared for each capture.
local conversations = {}

function amp.init()
  conversations = {}
end

-- Returns the state of the conversation. A stream has one conversation in plaintext, and may have another inside TLS.
local function conversation_of()
  local stream = tcp_stream()
  local name = tostring(stream and stream.value) .. (tls_record() and " tls" or "")
  local found = conversations[name]
  if found == nil then
    -- asks: unanswered asks by sender and tag. pairs: matched asks and answers by frame, kind and tag.
    -- left: the frame of the last AMP box, if the protocol has changed. tls: true if it has changed to TLS.
    found = { asks = {}, pairs = {}, left = nil, tls = false }
    conversations[name] = found
  end
  return found
end

-- Returns the addresses of sender and receiver.
local function endpoints(pinfo)
  local from = tostring(pinfo.src) .. " " .. pinfo.src_port
  local to = tostring(pinfo.dst) .. " " .. pinfo.dst_port
  return from, to
end

-- Boxes ------------------------------------------------------------------------------------------------------------

-- Finds the end of the box at `offset`. Returns its rows and the offset after it.
-- Returns nil if the box continues in the next segment, or false and the offset of the error if it is not a box.
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

-- Returns the value as text, or nil if it contains unprintable bytes.
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

-- Returns the value as text or, if it is binary, in hex. Tags may be binary.
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

-- Stores an ask, or finds the ask of an answer. Does so only once for each frame, because tags may be reused.
local function pair(conversation, pinfo, values)
  local from, to = endpoints(pinfo)
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

-- Adds the fields of the box's kind to the tree. Returns a line for the column Info, and the command of an answer.
local function add_kind(tree, conversation, pinfo, values)
  local match = pair(conversation, pinfo, values)
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
    if match == nil then
      tree:add_proto_expert_info(unasked, "The ask with this tag is not in the capture")
      return line, nil
    end
    tree:add(fields.command, match.ask.command):set_generated()
    tree:add(fields.asked_in, match.ask.frame):set_generated()
    local seconds = math.floor(match.time)
    tree:add(fields.time, NSTime.new(seconds, math.floor((match.time - seconds) * 1e9 + 0.5))):set_generated()
    return line, match.ask.command
  end
  if values._command then
    add_field(tree, fields.command, values._command)
    local line = values._command.text .. " ask"
    if values._ask then
      add_field(tree, fields.ask, values._ask)
      line = line .. " " .. values._ask.text
    end
    if match and match.ask.answered_in then
      tree:add(fields.answered_in, match.ask.answered_in):set_generated()
    end
    return line, nil
  end
  tree:add_proto_expert_info(malformed, "Neither an ask, an answer nor an error")
  return "box without a kind", nil
end

local function add_rows(tree, rows)
  for _, row in ipairs(rows) do
    local key = shown(row.key)
    local text = text_of(row.value)
    local item = tree:add(fields.row, row.all)
    item:set_text(key .. ": " .. (text or hex_of(row.value)))
    item:add(fields.key, row.key, key)
    if row.value then item:add(fields.value, row.value) end -- an empty value has no bytes in the packet
    if text then item:add(fields.text, row.value or row.all, text) end
  end
end

-- After AMP -------------------------------------------------------------------------------------------------------

-- Returns true for the header of a TLS record. A box cannot look like one, because its first byte is 0.
local function looks_like_tls(tvb, offset)
  local kind = tvb(offset, 1):uint()
  if kind < 0x14 or kind > 0x17 then return false end
  if tvb:len() == offset + 1 then return true end
  return tvb(offset + 1, 1):uint() == 3
end

local tls_dissector = Dissector.get("tls")
local data_dissector = Dissector.get("data")

-- Passes the bytes from `offset` on to the TLS or data dissector.
local function hand_over(conversation, tvb, offset, pinfo, root)
  local rest = offset == 0 and tvb or tvb(offset):tvb()
  if not conversation.tls then
    data_dissector:call(rest, pinfo, root)
    return tvb:len()
  end
  pinfo.can_desegment = 2 -- Wireshark subtracts 1 for each nested dissector; TLS needs the same value as this dissector
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
    local rows, box_end = scan(tvb, offset)
    if rows == nil then
      pinfo.desegment_offset = offset
      pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
      finish()
      return length
    end
    if rows == false then
      -- Other bytes between two boxes are the next protocol; within a box they are an error.
      local orderly = box_end == offset and tvb(offset, 1):uint() ~= 0
      local tls = orderly and looks_like_tls(tvb, offset)
      if tree == nil and not tls and next(conversation.pairs) == nil then return 0 end -- this conversation is not AMP
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
    local box = tree:add(fields.box, tvb(offset, box_end - offset))
    local line, answered = add_kind(box, conversation, pinfo, known_values(rows))
    box:set_text("Box: " .. line)
    add_rows(box, rows)
    lines[#lines + 1] = line
    offset = box_end

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

-- Recognising AMP -----------------------------------------------------------------------------------------------------

-- Returns true if the first bytes are keys, and one of them belongs to the protocol.
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
