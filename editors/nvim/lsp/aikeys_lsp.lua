-- How Neovim starts the server. Switched on by `plugin/aikeys.lua`, changed by
-- `vim.lsp.config('aikeys_lsp', {...})`; in Neovim 0.10 by `require('aikeys').setup()`. See `:help aikeys`.

---@type vim.lsp.Config
return {
  cmd = { require('aikeys').find(), '--stdio' },
  -- `.env` files are `sh` in Neovim 0.11 and `env` later; the server must see them all, because
  -- a key goes through the editor when `.env` is open with unsaved changes.
  filetypes = {
    'env', 'dotenv', 'sh', 'bash', 'zsh', 'ps1',
    'python', 'rust', 'go', 'java', 'kotlin', 'scala', 'cs', 'c', 'cpp', 'swift', 'dart',
    'javascript', 'javascriptreact', 'typescript', 'typescriptreact', 'svelte', 'vue', 'html',
    'ruby', 'php', 'elixir', 'lua', 'r', 'sql',
    'json', 'jsonc', 'yaml', 'toml', 'xml', 'dosini', 'conf', 'jproperties',
    'dockerfile', 'make', 'terraform', 'terraform-vars', 'tf', 'hcl', 'markdown', 'text',
  },
  root_markers = { 'aikeys.toml', '.git' },
  -- What this client shows by itself.
  init_options = { aikeys = { commands = { 'aikeys.showPlaces', 'aikeys.rotate' }, showsErrors = true } },
  commands = {
    -- The server does the move. This only watches for its end: see lua/aikeys/init.lua.
    ['aikeys.move'] = function(command, ctx)
      require('aikeys').move(command, ctx)
    end,
    ['aikeys.showPlaces'] = function(command, ctx)
      require('aikeys').show_places(command, ctx)
    end,
    ['aikeys.rotate'] = function(command)
      require('aikeys').rotate(command.arguments[1], command.arguments[2])
    end,
  },
}
