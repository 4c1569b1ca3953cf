-- The Neovim side of nvim_test.py: runs inside a real, headless Neovim with the real plugin.
-- Each scenario returns a table; it is written to $RESULT as JSON, with `error` if one failed.

local LIMIT = 20000

local function wait(what, condition)
  assert(vim.wait(LIMIT, condition, 10), 'waited in vain for ' .. what)
end

local function edit(name)
  vim.cmd.edit(vim.fn.fnameescape(name))
  return vim.api.nvim_get_current_buf()
end

local function text(buffer)
  return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n')
end

local function on_disk(name)
  return table.concat(vim.fn.readfile(name), '\n')
end

local function attached(buffer)
  local client
  wait('the server to attach', function()
    client = vim.lsp.get_clients({ bufnr = buffer, name = 'aikeys_lsp' })[1]
    return client ~= nil and client.initialized
  end)
  return client
end

-- The answer to a request. In Neovim 0.10 the methods of a client take no self.
local function ask(client, method, params, buffer)
  if vim.fn.has('nvim-0.11') == 1 then
    return client:request_sync(method, params, LIMIT, buffer)
  end
  return client.request_sync(method, params, LIMIT, buffer)
end

-- The only diagnostic of the buffer, with the text that it marks.
local function only_diagnostic(buffer)
  wait('a diagnostic', function()
    return #vim.diagnostic.get(buffer) > 0
  end)
  local all = vim.diagnostic.get(buffer)
  assert(#all == 1, 'expected one diagnostic, got ' .. vim.inspect(all))
  local d = all[1]
  local marked = vim.api.nvim_buf_get_text(buffer, d.lnum, d.col, d.end_lnum, d.end_col, {})
  return {
    source = d.source,
    code = d.code,
    message = d.message,
    severity = d.severity,
    marked = table.concat(marked, '\n'),
    lnum = d.lnum,
    col = d.col,
  }
end

local function goto_diagnostic(d)
  vim.api.nvim_win_set_cursor(0, { d.lnum + 1, d.col + 4 })
end

-- Applies the first action whose title begins so, the way a mapping of the user would.
local function apply(beginning)
  local titles, chosen = {}, nil
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      table.insert(titles, action.title)
      if chosen == nil and vim.startswith(action.title, beginning) then
        chosen = action
      end
      return action == chosen
    end,
  })
  wait('code actions', function()
    return #titles > 0
  end)
  assert(chosen, 'no action begins with "' .. beginning .. '": ' .. vim.inspect(titles))
  return titles, chosen
end

local function move(buffer)
  local d = only_diagnostic(buffer)
  goto_diagnostic(d)
  vim.g.answered = false
  local titles, chosen = apply('Move to .env')
  wait('the key to leave the buffer', function()
    return not text(buffer):find(d.marked, 1, true)
  end)
  -- The command is answered after the edit.
  wait('the answer to the move', function()
    return vim.g.answered
  end)
  return d, titles, chosen
end

-- Files that Neovim has open, with their state. Floats and scratch buffers do not count.
local function files()
  local list = {}
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buffer) and vim.bo[buffer].buftype == '' then
      local name = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buffer), ':.')
      list[name] = vim.bo[buffer].modified
    end
  end
  return list
end

-- What is offered after these keys, which are typed in normal mode.
local function completed(keys)
  local words
  vim.api.nvim_feedkeys(vim.keycode(keys .. '<C-x><C-o>'), 'n', false)
  -- Typed keys run when the script waits; the menu closes when the mode ends.
  vim.api.nvim_create_autocmd('CompleteChanged', {
    callback = function()
      words = words or vim.tbl_map(function(item)
        return item.word
      end, vim.fn.complete_info({ 'items' }).items)
      vim.api.nvim_feedkeys(vim.keycode('<C-e><Esc>u'), 'n', false)
    end,
  })
  -- Where nothing is offered, nothing else ends the mode.
  vim.defer_fn(function()
    if not words then
      vim.api.nvim_feedkeys(vim.keycode('<Esc>'), 'n', false)
      words = {}
    end
  end, LIMIT)
  vim.api.nvim_feedkeys('', 'x!', false)
  wait('completion', function()
    return words ~= nil
  end)
  vim.cmd.stopinsert()
  return words
end

-- The quickfix list, with what its entries mark.
local function quickfix(title)
  wait('the quickfix list ' .. title, function()
    return vim.fn.getqflist({ title = 0 }).title == title
  end)
  local items = {}
  for _, item in ipairs(vim.fn.getqflist()) do
    vim.fn.bufload(item.bufnr)
    local name = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(item.bufnr), ':.')
    -- Neovim 0.10 gives places no end.
    local last = item.end_lnum > 0 and { item.end_lnum - 1, item.end_col - 1 } or { item.lnum - 1, -1 }
    local marked = vim.api.nvim_buf_get_text(item.bufnr, item.lnum - 1, item.col - 1, last[1], last[2], {})
    table.insert(items, { name = name, text = item.text, type = item.type, marked = table.concat(marked, '\n') })
  end
  return items
end

-- What the user was told: by Neovim 0.12 as notifications, by earlier ones as messages.
local notified = ''
local function messages()
  return notified .. vim.fn.execute('messages')
end

local scenarios = {}

function scenarios.move()
  local buffer = edit('app.py')
  local client = attached(buffer)
  local literal = text(buffer)
  local d = only_diagnostic(buffer)
  goto_diagnostic(d)

  vim.lsp.buf.hover()
  local hover
  wait('the hover window', function()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(window).relative ~= '' then
        hover = text(vim.api.nvim_win_get_buf(window))
        vim.api.nvim_win_close(window, true)
        return true
      end
    end
  end)

  local _, titles, chosen = move(buffer)
  local result = {
    diagnostic = d,
    hover = hover,
    titles = titles,
    command = chosen.command,
    kind = chosen.kind,
    encoding = client.offset_encoding,
    modified = vim.bo[buffer].modified,
    source_before_write = on_disk('app.py'),
    env_before_write = on_disk('.env'),
  }
  vim.cmd.write()
  result.files = files()

  wait('the diagnostic to go', function()
    return #vim.diagnostic.get(buffer) == 0
  end)
  local moved = text(buffer)
  vim.cmd.undo()
  result.undone = text(buffer) == literal
  result.env_after_undo = on_disk('.env')
  only_diagnostic(buffer)
  vim.cmd.redo()
  result.redone = text(buffer) == moved
  vim.cmd.write()
  return result
end

function scenarios.rust()
  local buffer = edit('src/main.rs')
  attached(buffer)
  local d = move(buffer)
  vim.cmd.write()
  return { diagnostic = d, files = files() }
end

-- Columns are bytes in Neovim, whatever the protocol counts.
function scenarios.wide()
  local buffer = edit('wide.py')
  attached(buffer)
  return { diagnostic = only_diagnostic(buffer) }
end

function scenarios.env_unsaved()
  local env = edit('.env')
  attached(env)
  vim.api.nvim_buf_set_lines(env, -1, -1, false, { 'TYPED=2' })
  vim.cmd('edit app.py')
  local buffer = vim.api.nvim_get_current_buf()
  attached(buffer)
  local d = move(buffer)
  local result = { marked = d.marked, env_buffer = text(env), env_disk = on_disk('.env') }
  vim.cmd.wall()
  result.files = files()
  return result
end

function scenarios.env_open()
  local env = edit('.env')
  attached(env)
  vim.cmd('edit app.py')
  local buffer = vim.api.nvim_get_current_buf()
  attached(buffer)
  local d = move(buffer)
  wait('the .env buffer to be read again', function()
    return text(env):find(d.marked, 1, true) ~= nil
  end)
  vim.cmd.write()
  return { files = files() }
end

-- Two files, one of them not open: both are buffers afterwards, and both are written.
function scenarios.everywhere()
  require('aikeys').setup({ save_after_move = true })
  local buffer = edit('app.py')
  attached(buffer)
  local d = only_diagnostic(buffer)
  goto_diagnostic(d)
  local title
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      local chosen = title == nil and action.title:find('here and wherever else it stands', 1, true) ~= nil
      title = chosen and action.title or title
      return chosen
    end,
  })
  wait('the key to leave both files', function()
    return not on_disk('app.py'):find(d.marked, 1, true) and not on_disk('other.py'):find(d.marked, 1, true)
  end)
  return { title = title, files = files(), other = on_disk('other.py') }
end

function scenarios.save_after_move()
  require('aikeys').setup({ save_after_move = true })
  local buffer = edit('app.py')
  attached(buffer)
  move(buffer)
  wait('the buffer to be written', function()
    return not vim.bo[buffer].modified
  end)
  local first = on_disk('app.py')

  -- A second buffer with other unsaved changes is left to the user.
  local rust = edit('src/main.rs')
  attached(rust)
  only_diagnostic(rust)
  vim.api.nvim_buf_set_lines(rust, -1, -1, false, { '// mine' })
  move(rust)
  return { python = first, rust = on_disk('src/main.rs'), rust_modified = vim.bo[rust].modified }
end

-- The action was made for another version of the text than the one that is there now.
function scenarios.stale()
  local buffer = edit('app.py')
  local client = attached(buffer)
  local d = only_diagnostic(buffer)
  goto_diagnostic(d)
  local params = vim.lsp.util.make_range_params(0, client.offset_encoding)
  params.context = { diagnostics = {} }
  local reply = assert(ask(client, 'textDocument/codeAction', params, buffer))
  local action
  for _, candidate in ipairs(reply.result) do
    if vim.startswith(candidate.title, 'Move to .env') then
      action = action or candidate
    end
  end
  -- The key stands where it stood: only the version tells.
  vim.api.nvim_buf_set_lines(buffer, -1, -1, false, { '# typed meanwhile' })
  local before = text(buffer)
  -- As Neovim itself does when an action is chosen.
  client.commands[action.command.command](action.command, { bufnr = buffer, client_id = client.id })
  wait('a refusal', function()
    return vim.g.told ~= nil
  end)
  return { told = vim.g.told, level = vim.g.told_level, unchanged = text(buffer) == before }
end

-- The comment with which a finding is left alone, where the reason can be typed.
function scenarios.ignore()
  local buffer = edit('app.py')
  attached(buffer)
  goto_diagnostic(only_diagnostic(buffer))
  apply('Ignore with a reason')
  wait('the comment', function()
    return text(buffer):find('aikeys: ignore', 1, true) ~= nil
  end)
  wait('what is said of it', function()
    local all = vim.diagnostic.get(buffer)
    return #all == 1 and all[1].code ~= 'hardcoded-ai-key'
  end)
  local first = vim.diagnostic.get(buffer)[1]
  return { line = vim.api.nvim_buf_get_lines(buffer, 3, 4, false)[1], code = first.code, modified = vim.bo[buffer].modified }
end

-- The server refuses: that is said once, and nothing is changed.
function scenarios.refused()
  local buffer = edit('app.py')
  attached(buffer)
  local d = only_diagnostic(buffer)
  goto_diagnostic(d)
  local before = text(buffer)
  vim.g.answered = false
  apply('Move to .env')
  wait('a refusal', function()
    return vim.g.answered and vim.g.told ~= nil
  end)
  -- A second message would come by now.
  vim.wait(200)
  return { messages = messages(), unchanged = text(buffer) == before }
end

function scenarios.dotenv_names()
  local types = {}
  for _, name in ipairs({ '.env', '.env.local', '.env.production', 'settings.env.json' }) do
    edit(name)
    types[name] = vim.bo.filetype
  end
  vim.cmd('edit .env.local')
  attached(vim.api.nvim_get_current_buf())
  return types
end

function scenarios.health()
  vim.cmd.checkhealth('aikeys')
  local before = text(0)
  vim.cmd('bwipeout!')
  attached(edit('app.py'))
  vim.o.undofile = true
  vim.cmd.checkhealth('aikeys')
  return { before = before, running = text(0) }
end

function scenarios.health_missing()
  local config = { cmd = { 'no-such-aikeys-lsp', '--stdio' } }
  if vim.lsp.config then
    vim.lsp.config('aikeys_lsp', config)
  else
    require('aikeys').setup({ config = config })
  end
  vim.cmd.checkhealth('aikeys')
  return { report = text(0) }
end

function scenarios.help()
  vim.cmd.helptags(vim.fn.fnameescape(vim.env.PLUGIN .. '/doc'))
  local page = table.concat(vim.fn.readfile(vim.env.PLUGIN .. '/doc/aikeys.txt'), '\n')
  local own, links = {}, {}
  for tag in page:gmatch('%*([^%s*]+)%*') do
    vim.cmd.help(tag)
    own[tag] = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(0), ':t')
  end
  local dead = {}
  for link in page:gmatch('|([^%s|]+)|') do
    table.insert(pcall(vim.cmd.help, link) and links or dead, link)
  end
  return { own = own, links = links, dead = dead, widest = vim.fn.max(vim.tbl_map(vim.fn.strdisplaywidth, vim.split(page, '\n'))) }
end

-- References in `.env`: completed, checked, hovered.
function scenarios.references()
  local buffer = edit('.env')
  attached(buffer)
  vim.api.nvim_win_set_cursor(0, { 3, 0 })
  local words = completed('A"')
  vim.cmd('edit!')
  attached(buffer)

  vim.g.answered = false
  vim.cmd('AikeysStoreCheck')
  wait('the answer', function()
    return vim.g.answered and messages():find('aikeys: ', 1, true) ~= nil
  end)
  vim.api.nvim_win_set_cursor(0, { 2, 12 })
  vim.lsp.buf.hover()
  local hover
  wait('the hover window', function()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(window).relative ~= '' then
        hover = text(vim.api.nvim_win_get_buf(window))
        return true
      end
    end
  end)
  return { words = words, messages = messages(), hover = hover }
end

function scenarios.undo()
  local buffer = edit('app.py')
  attached(buffer)
  local before = text(buffer)
  move(buffer)
  vim.cmd.write()
  local moved = on_disk('app.py')
  vim.g.answered = false
  vim.cmd('AikeysUndo')
  -- What is shown may come a moment after the answer.
  wait('the answer', function()
    return vim.g.answered and messages():find('put back the move', 1, true) ~= nil
  end)
  local result = { same = text(buffer) == before, modified = vim.bo[buffer].modified, moved = moved }
  result.messages = messages()
  vim.g.answered = false
  vim.cmd('AikeysUndo')
  wait('a refusal', function()
    return vim.g.answered and vim.g.told ~= nil and vim.g.told:find('no move', 1, true) ~= nil
  end)
  result.again = vim.g.told
  return result
end

-- The action on a key that is overdue opens a terminal, in which the new key is typed.
function scenarios.rotate()
  local buffer = edit('aikeys.lock')
  vim.bo[buffer].filetype = 'toml'
  attached(buffer)
  goto_diagnostic(only_diagnostic(buffer))
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      return action.title == 'Rotate GATEWAY_API_KEY…'
    end,
  })
  local terminal
  wait('the question for the new key', function()
    terminal = vim.api.nvim_get_current_buf()
    return vim.bo[terminal].buftype == 'terminal' and text(terminal):find('it is not shown', 1, true) ~= nil
  end)
  vim.fn.chansend(vim.bo[terminal].channel, vim.env.NEW_KEY .. '\r')
  wait('the end', function()
    return text(terminal):find('the old key stays until', 1, true) ~= nil
  end)
  return { shown = text(terminal) }
end

function scenarios.check()
  vim.cmd('AikeysCheck')
  return { items = quickfix('aikeys'), window = vim.fn.getqflist({ winid = 0 }).winid ~= 0 }
end

-- With a running server the findings of files that are not open are diagnostics too, and none is there twice.
function scenarios.check_all()
  local buffer = edit('app.py')
  attached(buffer)
  only_diagnostic(buffer)
  vim.api.nvim_buf_set_lines(buffer, 0, 0, false, { '# not written' })
  vim.cmd('AikeysCheck')
  local items = quickfix('aikeys')
  local rust = edit('src/main.rs')
  attached(rust)
  vim.wait(300)
  return { items = items, rust = only_diagnostic(rust).marked, messages = messages() }
end

-- A lens above the key names the other places of it.
function scenarios.lens()
  local buffer = edit('app.py')
  attached(buffer)
  goto_diagnostic(only_diagnostic(buffer))
  if vim.lsp.codelens.enable then
    vim.lsp.codelens.enable(true, { bufnr = buffer })
  else
    vim.lsp.codelens.refresh({ bufnr = buffer })
  end
  local title
  wait('a lens', function()
    local all = vim.lsp.codelens.enable and vim.lsp.codelens.get({ bufnr = buffer }) or vim.lsp.codelens.get(buffer)
    local first = all[1] and (all[1].lens or all[1])
    title = first and first.command and first.command.title
    return title ~= nil
  end)
  vim.lsp.codelens.run()
  return { title = title, items = quickfix('aikeys: places') }
end

function scenarios.keys()
  attached(edit('app.py'))
  vim.cmd('AikeysKeys')
  return { items = quickfix('aikeys: keys') }
end

-- The chosen store's move stands first.
function scenarios.store()
  local buffer = edit('app.py')
  attached(buffer)
  goto_diagnostic(only_diagnostic(buffer))
  local offered
  vim.ui.select = function(stores, options, choose)
    offered = vim.tbl_map(options.format_item, stores)
    choose(vim.tbl_filter(function(store)
      return store.id == 'env'
    end, stores)[1])
  end
  vim.cmd('AikeysStore')
  wait('the choice', function()
    return offered ~= nil and vim.g.told ~= nil
  end)
  local chosen = vim.g.told
  vim.cmd('AikeysStore nowhere')
  wait('a refusal', function()
    return vim.g.told ~= chosen
  end)
  local refused = vim.g.told
  local titles = apply('Move to')
  wait('the answer to the move', function()
    return text(buffer):find('OPENAI_API_KEY', 1, true) ~= nil
  end)
  vim.cmd.wall()
  return { offered = offered, chosen = chosen, refused = refused, titles = titles }
end

-- From a read to its line, from a line to its reads, and a new name for all of them.
function scenarios.names()
  local buffer = edit('read.py')
  attached(buffer)
  only_diagnostic(edit('app.py'))
  vim.cmd('buffer ' .. buffer)
  vim.api.nvim_win_set_cursor(0, { 2, 22 })
  vim.lsp.buf.references()
  local references = {}
  wait('the references', function()
    references = vim.tbl_map(function(item)
      return vim.fn.fnamemodify(vim.api.nvim_buf_get_name(item.bufnr), ':.')
    end, vim.fn.getqflist())
    return #references > 0
  end)
  vim.cmd.cclose()
  vim.cmd('buffer ' .. buffer)
  vim.api.nvim_win_set_cursor(0, { 2, 22 })
  vim.lsp.buf.definition()
  wait('the definition', function()
    return vim.endswith(vim.api.nvim_buf_get_name(0), '.env')
  end)
  local line = vim.api.nvim_get_current_line():match('^[^=]*')
  -- What is typed into `.env` meanwhile stays.
  vim.api.nvim_buf_set_lines(0, 1, 1, false, { 'TYPED=2' })
  -- Neovim tells the servers of a change in another buffer 150 ms later.
  vim.wait(300)
  vim.cmd('buffer ' .. buffer)
  vim.api.nvim_win_set_cursor(0, { 2, 22 })
  vim.lsp.buf.rename('SECOND_KEY')
  wait('the new name', function()
    return text(buffer):find('SECOND_KEY', 1, true) ~= nil
  end)
  vim.cmd.wall()
  return { references = references, line = line }
end

-- Names of variables are completed where one is read.
function scenarios.complete()
  local buffer = edit('read.py')
  attached(buffer)
  vim.api.nvim_win_set_cursor(0, { 2, 0 })
  return { words = completed('0f"a') }
end

-- Every fix of the file that needs no decision, as an editor asks for it on saving.
function scenarios.fix_all()
  local buffer = edit('twice.py')
  attached(buffer)
  wait('two diagnostics', function()
    return #vim.diagnostic.get(buffer) == 2
  end)
  local seen
  vim.lsp.buf.code_action({
    context = { only = { 'source.fixAll.aikeys' }, diagnostics = {} },
    apply = true,
    filter = function(action)
      seen = action.kind
      return true
    end,
  })
  wait('the answer', function()
    return seen ~= nil
  end)
  wait('the fix', function()
    return #vim.diagnostic.get(buffer) == 0
  end)
  return { seen = seen, text = text(buffer) }
end

-- Neovim 0.12 asks for the findings of all files.
function scenarios.workspace()
  attached(edit('app.py'))
  vim.lsp.buf.workspace_diagnostics()
  local names
  wait('the findings of all files', function()
    names = {}
    for _, d in ipairs(vim.diagnostic.get()) do
      table.insert(names, vim.fn.fnamemodify(vim.api.nvim_buf_get_name(d.bufnr), ':.'))
    end
    return vim.tbl_contains(names, 'src/main.rs') and vim.tbl_contains(names, 'app.py')
  end)
  edit('src/main.rs')
  local rust = only_diagnostic(vim.api.nvim_get_current_buf())
  return { names = names, rust = rust.marked }
end

-- Windows' line ends, and emoji before the key.
function scenarios.crlf()
  local buffer = edit('crlf.py')
  attached(buffer)
  local d = move(buffer)
  vim.cmd.write()
  return { diagnostic = d, format = vim.bo[buffer].fileformat }
end

-- A file that may not be written: the key is safe before the user finds out.
function scenarios.read_only()
  local buffer = edit('app.py')
  attached(buffer)
  move(buffer)
  local written = pcall(vim.cmd.write)
  return { written = written, readonly = vim.bo[buffer].readonly, modified = vim.bo[buffer].modified }
end

-- A file in no project.
function scenarios.outside()
  local buffer = edit('../outside/app.py')
  local client = attached(buffer)
  local d = move(buffer)
  vim.cmd.write()
  return { root = client.root_dir, diagnostic = d }
end

-- A buffer that was never a file.
function scenarios.new_file()
  local buffer = edit('new.py')
  attached(buffer)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, vim.fn.readfile('app.py'))
  local d = move(buffer)
  local there = vim.uv.fs_stat('new.py') ~= nil
  vim.cmd.write()
  return { diagnostic = d, there = there }
end

-- A buffer without a name breaks nothing.
function scenarios.no_name()
  vim.cmd.enew()
  local buffer = vim.api.nvim_get_current_buf()
  vim.bo[buffer].filetype = 'python'
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, vim.fn.readfile('app.py'))
  attached(buffer)
  -- The server still serves what has a name.
  vim.bo[buffer].modified = false
  local named = edit('src/main.rs')
  attached(named)
  only_diagnostic(named)
  return { messages = messages() }
end

-- Neovim's undo, then the server's: the literal is there once, and the answer says what was done.
function scenarios.undo_twice()
  local buffer = edit('app.py')
  attached(buffer)
  local before = text(buffer)
  move(buffer)
  vim.cmd.undo()
  local result = { undone = text(buffer) == before }
  vim.g.answered, vim.g.told = false, nil
  vim.cmd('AikeysUndo')
  wait('the answer', function()
    return vim.g.answered and messages():find('put back', 1, true) ~= nil
  end)
  result.same = text(buffer) == before
  result.messages = messages()
  return result
end

-- Remembers what the user was told last, and all of it.
vim.notify = function(message, level)
  vim.g.told = message
  vim.g.told_level = level
  notified = notified .. message .. '\n'
end

-- Notes that a move is answered, once the plugin has seen the answer too.
vim.api.nvim_create_autocmd('LspRequest', {
  callback = function(args)
    local request = args.data.request
    if request.type == 'complete' and request.method == 'workspace/executeCommand' then
      vim.schedule(function()
        vim.g.answered = true
      end)
    end
  end,
})

local ok, result = xpcall(scenarios[vim.env.SCENARIO], debug.traceback)
local out = ok and result or { error = result, told = vim.g.told }
out.children = vim.api.nvim_get_proc_children(vim.fn.getpid())
vim.fn.writefile({ vim.json.encode(out) }, vim.env.RESULT)
vim.cmd('qall!')
