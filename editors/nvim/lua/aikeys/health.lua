-- `:checkhealth aikeys`
local M = {}

local health = vim.health

--- The server's own answer to `--version`, or nil.
local function version_of(program)
  local started, process = pcall(vim.system, { program, '--version' }, { text = true })
  local result = started and process:wait(10000)
  return result and result.code == 0 and vim.trim(result.stdout) or nil
end

local function check_program()
  local program = require('aikeys').program()
  if vim.fn.executable(program) == 0 then
    health.error(('`%s` is not an executable'):format(program), {
      'Install aikeys-lsp, and put it on $PATH or name it in $AIKEYS_LSP_PATH.',
      vim.lsp.config and "Or: vim.lsp.config('aikeys_lsp', { cmd = { '/path/to/aikeys-lsp', '--stdio' } })"
        or "Or: require('aikeys').setup({ config = { cmd = { '/path/to/aikeys-lsp', '--stdio' } } })",
    })
    return
  end
  local version = version_of(program)
  if version then
    health.ok(('%s (`%s`)'):format(version, vim.fn.exepath(program)))
  else
    health.error(('`%s --version` failed'):format(vim.fn.exepath(program)))
  end
end

local function check_clients()
  if vim.lsp.is_enabled and not vim.lsp.is_enabled('aikeys_lsp') then
    health.warn('the server is not enabled', "Take `vim.g.aikeys_enable = false` out of your configuration, or add: vim.lsp.enable('aikeys_lsp')")
    return
  end
  if not vim.lsp.config and vim.fn.exists('#aikeys') == 0 then
    health.warn('the server is not started', "Add to your configuration: require('aikeys').setup()")
    return
  end
  local clients = vim.lsp.get_clients({ name = 'aikeys_lsp' })
  if #clients == 0 then
    health.info('enabled; no buffer has started it yet')
  end
  for _, client in ipairs(clients) do
    health.ok(('running for %d buffer(s), root `%s`, positions in %s'):format(
      vim.tbl_count(client.attached_buffers),
      client.root_dir or 'none',
      client.offset_encoding
    ))
  end
end

--- Is `.env` ignored in each workspace (the current folder if there is none)?
local function check_ignored()
  local roots = vim.tbl_map(function(client)
    return client.root_dir
  end, vim.lsp.get_clients({ name = 'aikeys_lsp' }))
  for _, root in ipairs(#roots > 0 and roots or { vim.fn.getcwd() }) do
    local started, process = pcall(vim.system, { 'git', 'check-ignore', '--quiet', '.env' }, { cwd = root })
    local code = started and process:wait(10000).code or 128
    if code == 0 then
      health.ok(('git ignores `.env` in `%s`'):format(root))
    elseif code == 1 then
      health.info(('git does not ignore `.env` in `%s` yet: a move adds it to .gitignore first'):format(root))
    else
      health.info(('`%s` is in no git repository'):format(root))
    end
  end
end

--- Places where Neovim itself keeps the text of files, keys included.
local function check_copies()
  if vim.o.undofile then
    health.warn("'undofile' is on: after a move the undo file still holds the key", {
      'Replace the key at its provider, or delete the undo file (`:echo undofile(expand("%"))`).',
    })
  else
    health.ok("'undofile' is off")
  end
  if vim.lsp.log.get_level() <= vim.log.levels.DEBUG then
    health.warn('the LSP log is at DEBUG or TRACE: it holds the text of every opened file', {
      "vim.lsp.log.set_level('warn'), then delete the log (`:lua print(vim.lsp.log.get_filename())`).",
    })
  else
    health.ok('the LSP log holds no file text')
  end
end

function M.check()
  health.start('aikeys')
  if vim.fn.has('nvim-0.10') == 0 then
    health.error('Neovim 0.10 or later is needed')
    return
  end
  health.ok('Neovim ' .. tostring(vim.version()))
  check_program()
  check_clients()

  health.start('aikeys: copies of a key')
  check_ignored()
  check_copies()
end

return M
