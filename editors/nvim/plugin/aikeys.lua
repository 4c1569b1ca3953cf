-- The commands, and a filetype where Neovim has none. Only `:AikeysCheck` needs no running server.
if vim.g.loaded_aikeys then
  return
end
vim.g.loaded_aikeys = true

-- Whoever installs this wants the server.
if vim.lsp.enable and vim.g.aikeys_enable ~= false then
  vim.lsp.enable('aikeys_lsp')
end

-- `.env.local` and the like have no filetype before Neovim 0.12, so no server is started for them.
-- `sh` is what Neovim gives to `.env` itself. The low priority lets every other rule win.
vim.filetype.add({
  pattern = { ['%.env%.[%w_.-]+'] = { 'sh', { priority = -1000 } } },
})

vim.api.nvim_create_user_command('AikeysStoreCheck', function()
  require('aikeys').execute('aikeys.store.check')
end, { desc = 'Ask the stores whether what the env file refers to is there' })

vim.api.nvim_create_user_command('AikeysUndo', function()
  require('aikeys').execute('aikeys.undo')
end, { desc = 'Put the files of the last move back' })

vim.api.nvim_create_user_command('AikeysKeys', function()
  require('aikeys').keys()
end, { desc = 'List all keys of the workspace with their places, in the quickfix list' })

vim.api.nvim_create_user_command('AikeysStore', function(args)
  require('aikeys').store(args.fargs[1])
end, { nargs = '?', desc = 'Choose where keys go' })

vim.api.nvim_create_user_command('AikeysRotate', function(args)
  require('aikeys').rotate(args.fargs[1])
end, { nargs = 1, desc = 'Put a new key in the place of the one that a variable holds' })

vim.api.nvim_create_user_command('AikeysCheck', function(args)
  require('aikeys').check(vim.tbl_map(vim.fn.expand, args.fargs))
end, { nargs = '*', complete = 'file', desc = 'Check files for literal AI keys, into the quickfix list' })
