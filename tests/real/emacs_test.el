;;; The Emacs side of emacs_test.py: runs inside a real Emacs with Eglot.  -*- lexical-binding: t -*-
;; Each scenario returns an alist; it is written to $RESULT as JSON, with `error' if one failed.

(require 'eglot)
(require 'json)

(defun wait (what condition)
  (let ((end (+ (float-time) 20)) value)
    (while (not (setq value (funcall condition)))
      (when (> (float-time) end) (error "waited in vain for %s" what))
      (accept-process-output nil 0.02))
    value))

(defun open (name)
  "Visit the file, connected as `M-x eglot' does it."
  (find-file name)
  (unless (eglot-current-server)
    (apply #'eglot (eglot--guess-contact)))
  (wait "the server" #'eglot-current-server))

(defun diagnostics ()
  "Ours, in the current buffer."
  (seq-filter (lambda (it) (string-match-p "hardcoded-ai-key" (flymake-diagnostic-text it)))
              (flymake-diagnostics)))

(defun the-finding ()
  (car (wait "a diagnostic" (lambda () (flymake-start) (diagnostics)))))

(defun actions-at (finding)
  (goto-char (+ 2 (flymake-diagnostic-beg finding)))
  (append (eglot-code-actions (point) (point)) nil))

(defun move ()
  "Move the key of the current buffer; what was seen on the way."
  (let* ((finding (the-finding))
         (marked (buffer-substring-no-properties (flymake-diagnostic-beg finding) (flymake-diagnostic-end finding)))
         (actions (actions-at finding))
         (ours (seq-filter (lambda (it) (string-prefix-p "quickfix.aikeys" (plist-get it :kind))) actions)))
    (eglot-execute (eglot-current-server) (car ours))
    (wait "the key to leave the buffer"
          (lambda () (not (string-match-p (regexp-quote marked) (buffer-string)))))
    `((message . ,(flymake-diagnostic-text finding))
      (marked . ,marked)
      (titles . ,(vconcat (mapcar (lambda (it) (plist-get it :title)) actions)))
      (modified . ,(buffer-modified-p)))))

(defun messages ()
  (with-current-buffer (messages-buffer) (buffer-string)))

(defun write-all ()
  (save-some-buffers t))

(defun scenario-move ()
  (open "app.py")
  (let* ((before (buffer-string))
         (seen (move)))
    (write-all)
    (let ((pending (buffer-string)))
      (undo-boundary)
      (setq last-command nil)
      (undo)
      (setq seen (append seen `((undone . ,(equal (buffer-string) before)))))
      (undo-redo)
      (setq seen (append seen `((redone . ,(equal (buffer-string) pending))))))
    (write-all)
    seen))

(defun scenario-env-unsaved ()
  (open ".env")
  (goto-char (point-max))
  (insert "TYPED=2\n")
  ;; What Eglot does by itself once nobody has typed for half a second.
  (eglot--signal-textDocument/didChange)
  (open "app.py")
  (let ((seen (move)))
    (write-all)
    seen))

(defun scenario-crlf ()
  (open "app.py")
  (let ((seen (move)))
    (write-all)
    seen))

(defun scenario-beside ()
  "Another server in the same buffer, by way of a multiplexer."
  (open "app.py")
  (wait "Ruff's diagnostic"
        (lambda ()
          (flymake-start)
          (seq-find (lambda (it) (string-match-p "F401" (flymake-diagnostic-text it))) (flymake-diagnostics))))
  (let ((seen (move)))
    (write-all)
    seen))

(defun scenario-refused ()
  "What the server says against a move is shown."
  (open "app.py")
  (let* ((before (buffer-string))
         (action (car (actions-at (the-finding))))
         (told (condition-case refusal
                   (progn (eglot-execute (eglot-current-server) action) "")
                 (error (error-message-string refusal)))))
    `((told . ,told) (same . ,(equal (buffer-string) before)))))

(defun scenario-names ()
  "Definition and a new name of a variable."
  (open "read.py")
  (the-finding)
  (goto-char (point-min))
  (search-forward "FIRST")
  (xref-find-definitions (xref-backend-identifier-at-point (xref-find-backend)))
  (let ((seen `((file . ,(file-name-nondirectory (buffer-file-name)))
                (line . ,(line-number-at-pos)))))
    (find-file "read.py")
    (eglot-rename "SECOND_KEY")
    (write-all)
    seen))

(let ((answer
       (condition-case failure
           (funcall (intern (concat "scenario-" (getenv "SCENARIO"))))
         (error `((error . ,(format "%S" failure)))))))
  (condition-case failure
      (when (eglot-current-server)
        (eglot-shutdown (eglot-current-server) nil 10))
    (error (push (cons 'shutdown (format "%S" failure)) answer)))
  (push (cons 'messages (messages)) answer)
  (with-temp-file (getenv "RESULT")
    (insert (json-encode answer))))
