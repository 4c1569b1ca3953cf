class AikeysLsp < Formula
  desc "@description@"
  homepage "@home@"
  version "@version@"
  license @license@

  on_macos do
    on_arm do
      url "@macos.arm.url@"
      sha256 "@macos.arm.sha256@"
    end
    on_intel do
      url "@macos.intel.url@"
      sha256 "@macos.intel.sha256@"
    end
  end

  on_linux do
    on_arm do
      url "@linux.arm.url@"
      sha256 "@linux.arm.sha256@"
    end
    on_intel do
      url "@linux.intel.url@"
      sha256 "@linux.intel.sha256@"
    end
  end

  def install
    bin.install "bin/aikeys-lsp"
    man1.install Dir["share/man/man1/*"]
    bash_completion.install "share/bash-completion/completions/aikeys-lsp"
    fish_completion.install "share/fish/vendor_completions.d/aikeys-lsp.fish"
    zsh_completion.install "share/zsh/site-functions/_aikeys-lsp"
    (share/"nvim/site").install "share/nvim/site/pack"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/aikeys-lsp -V")
    (testpath/"app.py").write "print(1)\n"
    system bin/"aikeys-lsp", "--check", "app.py"
  end
end
