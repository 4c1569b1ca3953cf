-- What Neovim itself leaves open around a move, and `:AikeysCheck`. No finding and no fix is
-- computed here: that is the server's work.
local M = {}

---@class aikeys.Options
---@field save_after_move boolean write the buffer after a move, if it had no other unsaved changes
---@field config? vim.lsp.ClientConfig Neovim 0.10 only: what `vim.lsp.config()` changes in later ones
M.options = { save_after_move = false }

--- The program: the one that the user names, else the one on the path, else the one that was unpacked with this plugin.
---@return string
function M.find()
  local program = vim.env.AIKEYS_LSP_PATH or 'aikeys-lsp'
  local prefix = debug.getinfo(1, 'S').source:match('^@(.*)/share/nvim/site/')
  local beside = prefix and prefix .. '/bin/aikeys-lsp'
  if not vim.env.AIKEYS_LSP_PATH and vim.fn.executable(program) == 0 and beside and vim.fn.executable(beside) == 1 then
    return beside
  end
  return program
end

--- How the server is started. Neovim 0.10 has no `vim.lsp.config`.
function M.config()
  if vim.lsp.config then
    return vim.lsp.config.aikeys_lsp
  end
  local file = vim.api.nvim_get_runtime_file('lsp/aikeys_lsp.lua', false)[1]
  return vim.tbl_deep_extend('force', { name = 'aikeys_lsp' }, dofile(file), M.options.config or {})
end

--- Neovim 0.10: what `vim.lsp.enable` does in later ones, for the files that are open and those to come.
local function enable()
  local config = M.config()
  local function start(buffer)
    if vim.bo[buffer].buftype == '' and vim.tbl_contains(config.filetypes, vim.bo[buffer].filetype) then
      local root = vim.fs.root(buffer, config.root_markers)
      vim.lsp.start(vim.tbl_extend('keep', { root_dir = root }, config), { bufnr = buffer })
    end
  end
  vim.api.nvim_create_autocmd('FileType', {
    group = vim.api.nvim_create_augroup('aikeys', {}),
    callback = function(args)
      start(args.buf)
    end,
  })
  vim.tbl_map(start, vim.tbl_filter(vim.api.nvim_buf_is_loaded, vim.api.nvim_list_bufs()))
end

--- Optional, but in Neovim 0.10: there it starts the server, which `vim.lsp.enable('aikeys_lsp')` does in later ones.
---@param options? aikeys.Options
function M.setup(options)
  M.options = vim.tbl_extend('force', M.options, options or {})
  if not vim.lsp.config then
    enable()
  end
end

--- The program, as configured.
---@return string
function M.program()
  local config = M.config()
  local cmd = config and config.cmd
  return type(cmd) == 'table' and cmd[1] or M.find()
end

local function notify(message, level)
  vim.notify('aikeys: ' .. message, level)
end

--- Has the server carry out a command.
---@param client vim.lsp.Client
---@param params lsp.ExecuteCommandParams
---@param handler lsp.Handler
---@param buffer integer
local function request(client, params, handler, buffer)
  if vim.fn.has('nvim-0.11') == 1 then
    client:request('workspace/executeCommand', params, handler, buffer)
  else
    client.request('workspace/executeCommand', params, handler, buffer)
  end
end

--- The server has written `.env` and `.gitignore`. A buffer that still shows an old one would
--- overwrite the key when it is saved. Named one by one: a plain `:checktime` may be put off.
local function read_again()
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buffer) and vim.bo[buffer].buftype == '' then
      vim.cmd.checktime(buffer)
    end
  end
end

--- The buffers of files that hold changes which are not written.
---@return table<integer, true>
local function unsaved()
  local buffers = {}
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buffer) and vim.bo[buffer].buftype == '' and vim.bo[buffer].modified then
      buffers[buffer] = true
    end
  end
  return buffers
end

--- Runs the command of a "Move to …" action. The server answers when the key is in its new place
--- and the buffer is edited, or with an error when nothing was changed.
---@param command lsp.Command
---@param ctx lsp.HandlerContext
function M.move(command, ctx)
  local client = assert(vim.lsp.get_client_by_id(ctx.client_id))
  local buffer = ctx.bufnr
  local before = unsaved()
  local params = { command = command.command, arguments = command.arguments }

  request(client, params, function(err)
    if err then
      notify(err.message, vim.log.levels.ERROR)
      return
    end
    read_again()
    -- A move from everywhere changes files that were not open: Neovim has them in buffers now.
    local left = 0
    for changed in pairs(unsaved()) do
      if M.options.save_after_move and not before[changed] then
        vim.api.nvim_buf_call(changed, function()
          vim.cmd('silent update')
        end)
      elseif changed == buffer or not before[changed] then
        left = left + 1
      end
    end
    if left == 1 then
      notify('the key is in its new place; write the buffer to take it out of the file', vim.log.levels.INFO)
    elseif left > 1 then
      notify(
        ('the key is in its new place; `:wall` writes the %d changed buffers, to take it out of the files'):format(left),
        vim.log.levels.INFO
      )
    end
  end, buffer)
end

--- Asks the server for one of its commands. It tells the user itself how it went.
---@param command string
---@param answered? fun(answer: any, client: vim.lsp.Client)
function M.execute(command, answered)
  local buffer = vim.api.nvim_get_current_buf()
  local client = vim.lsp.get_clients({ name = 'aikeys_lsp', bufnr = buffer })[1]
    or vim.lsp.get_clients({ name = 'aikeys_lsp' })[1]
  if not client then
    notify('the server is not running: open a file of the project first', vim.log.levels.ERROR)
    return
  end
  local uris = client.attached_buffers[buffer] and { vim.uri_from_bufnr(buffer) } or {}
  local params = { command = command, arguments = uris }
  request(client, params, function(err, answer)
    if err then
      notify(err.message, vim.log.levels.ERROR)
    elseif answered then
      answered(answer, client)
    end
    read_again()
  end, buffer)
end

--- Fills the quickfix list. No line of a file is shown there: it may hold the key.
---@param title string
---@param items vim.quickfix.entry[]
local function list(title, items)
  vim.fn.setqflist({}, ' ', { title = title, items = items })
  vim.cmd('botright cwindow')
end

--- Places of the protocol as entries of the list.
---@param client vim.lsp.Client
---@param places lsp.Location[]
---@param text string
local function entries(client, places, text)
  return vim.tbl_map(function(item)
    item.text, item.user_data = text, nil
    return item
  end, vim.lsp.util.locations_to_items(places, client.offset_encoding))
end

--- What a code lens names: other places, which the server has found.
---@param command lsp.Command
---@param ctx lsp.HandlerContext
function M.show_places(command, ctx)
  local client = assert(vim.lsp.get_client_by_id(ctx.client_id))
  list('aikeys: places', entries(client, command.arguments[3], command.title))
end

--- What the server says, if it says anything: `null` is no `nil` in every Neovim.
local function said(text)
  return type(text) == 'string' and text or nil
end

--- Lists all keys of the workspace with their places.
function M.keys()
  M.execute('aikeys.keys', function(answer, client)
    local items = {}
    for _, key in ipairs(answer.keys) do
      local text = ('%s %s, %s'):format(key.name, key.redacted, said(key.note) or key.exposure)
      vim.list_extend(items, entries(client, key.places, text))
    end
    list('aikeys: keys', items)
    if #items == 0 then
      notify('no keys', vim.log.levels.INFO)
    end
  end)
end

--- Chooses where keys go, until Neovim ends.
---@param id? string asks without one
function M.store(id)
  M.execute('aikeys.stores', function(stores, client)
    local function choose(store)
      if store then
        local change = { settings = { aikeys = { store = store.id } } }
        if vim.fn.has('nvim-0.11') == 1 then
          client:notify('workspace/didChangeConfiguration', change)
        else
          client.notify('workspace/didChangeConfiguration', change)
        end
        notify(('keys go to %s first'):format(store.label), vim.log.levels.INFO)
      end
    end
    if not id then
      vim.ui.select(stores, {
        prompt = 'Where keys go',
        format_item = function(store)
          return said(store.note) and ('%s (%s)'):format(store.label, store.note) or store.label
        end,
      }, choose)
      return
    end
    for _, store in ipairs(stores) do
      if store.id == id then
        return choose(store)
      end
    end
    notify(('there is no store `%s`'):format(id), vim.log.levels.ERROR)
  end)
end

--- Puts a new key in the place of an old one, in a terminal: the program says what it does, and asks there.
---@param name string the variable of the env file
---@param uri? string a file of the workspace
function M.rotate(name, uri)
  local file = uri and vim.uri_to_fname(uri) or vim.api.nvim_buf_get_name(0)
  local root = vim.fs.root(file ~= '' and file or vim.fn.getcwd(), { 'aikeys.toml', '.git' }) or vim.fn.getcwd()
  vim.cmd('botright new')
  local command = { M.program(), 'rotate', name }
  if vim.fn.has('nvim-0.11') == 1 then
    vim.fn.jobstart(command, { cwd = root, term = true })
  else
    vim.fn.termopen(command, { cwd = root })
  end
  vim.cmd.startinsert()
end

local kinds = { error = 'E', warning = 'W', info = 'I', hint = 'N' }

--- Turns the server's report (one JSON object a line) into quickfix items.
---@param report string
---@return vim.quickfix.entry[]
function M.quickfix_items(report)
  return vim.tbl_map(function(line)
    local finding = vim.json.decode(line)
    return {
      filename = finding.path,
      lnum = finding.line,
      col = finding.column,
      end_lnum = finding.end_line,
      end_col = finding.end_column,
      type = kinds[finding.severity],
      text = ('%s [%s]'):format(finding.message, finding.rule),
    }
  end, vim.split(report, '\n', { trimempty = true }))
end

--- Checks files and folders with the command line and fills the quickfix list.
---@param paths string[] the current folder without any
local function check_paths(paths)
  local command = vim.list_extend({ M.program(), '--check', '--format', 'jsonl', '--' }, paths)
  local started, failure = pcall(vim.system, command, { text = true }, vim.schedule_wrap(function(result)
    if result.code > 1 then
      notify(vim.trim(result.stderr), vim.log.levels.ERROR)
    end
    list('aikeys', M.quickfix_items(result.stdout))
    if result.code == 0 then
      notify('no findings', vim.log.levels.INFO)
    end
  end))
  if not started then
    notify(failure, vim.log.levels.ERROR)
  end
end

--- Fills the quickfix list with the findings of these files and folders, or of all files. The running server knows
--- what is not written yet, and makes diagnostics of the files that are not open.
---@param paths string[]
function M.check(paths)
  if #paths > 0 or #vim.lsp.get_clients({ name = 'aikeys_lsp' }) == 0 then
    check_paths(paths)
    return
  end
  M.execute('aikeys.check', function(answer)
    -- The diagnostics may come a moment after the answer.
    local function fill(tries)
      local ours = vim.tbl_filter(function(diagnostic)
        return diagnostic.source == 'aikeys'
      end, vim.diagnostic.get())
      if #ours < answer.findings and tries > 0 then
        vim.defer_fn(function()
          fill(tries - 1)
        end, 50)
      else
        list('aikeys', vim.diagnostic.toqflist(ours))
      end
    end
    fill(20)
  end)
end

return M
