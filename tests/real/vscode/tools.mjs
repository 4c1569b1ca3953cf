// What all scenarios use: time, programs of the cache folder, keys that are made when they are needed.

import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
export const cache = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'aikeys-lsp-tests');
export const require = createRequire(import.meta.url);

export const WAIT = 120_000; // a limit for machines that compile at the same time; 15 s is usual
const started = Date.now();

export function say(text) {
  console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s  ${text}`);
}

export function tool(relative) {
  const file = path.join(cache, relative);
  if (!fs.existsSync(file)) {
    throw new Error(`${file} is missing: run tests/real/install.sh vscode`);
  }
  return file;
}

export async function until(what, condition, limit = WAIT) {
  const end = Date.now() + limit;
  while (Date.now() < end) {
    const value = await condition();
    if (value) {
      return value;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited in vain for ${what}`);
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';

function randomText(count) {
  const random = (length, from) => Array.from({ length }, () => from[randomInt(from.length)]).join('');
  // The last character is a letter, so that no reader of a file takes it for punctuation.
  return random(count - 1, ALPHABET) + random(1, ALPHABET.slice(0, 52));
}

// All that were made: no log may hold one.
export const keys = [];

function made(key) {
  keys.push(key);
  return key;
}

// Keys in the shapes of three providers. Put together here: none stands in a file.
export const openaiKey = () => made(['sk', 'proj', randomText(74)].join('-') + ['T3B', 'lbkFJ'].join('') + randomText(74));
export const anthropicKey = () => made(`${['sk', 'ant', 'api03', randomText(93)].join('-')}AA`);

export const groqKey = () => {
  const text = randomText(200).replaceAll(/[-_]/g, '');
  return made(['gsk', [text.slice(0, 20), 'WGdy', 'b3FY', text.slice(20, 44)].join('')].join('_'));
};

// Does the text hold ten characters in a row of the key's random parts?
export function leaks(text, key) {
  for (let at = 'sk-ant-api03-'.length; at + 10 <= key.length; at++) {
    const piece = key.slice(at, at + 10);
    if (text.includes(piece)) {
      return true;
    }
  }
  return false;
}

export const leaksAny = (text) => keys.some((key) => leaks(text, key));

/** The variables of an env file. */
export function values(file) {
  const lines = fs.readFileSync(file, 'utf8').split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(lines.map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1).replace(/^["']|["']$/g, '')]));
}

/** Writes files, their folders with them. */
export function write(folder, files) {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, typeof text === 'string' ? text : JSON.stringify(text));
  }
}

/** Processes whose command line begins with this program. */
export function running(program) {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(program);
      } catch {
        return false; // it ended meanwhile
      }
    });
}
