// The same figures for ajv: JSON.parse and the compiled check, in a second of CPU.
// Usage: node ajv.mjs SCHEMA ANSWER SECONDS. Next: run
import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const [schemaPath, answerPath, secondsText] = process.argv.slice(2);
const schema = JSON.parse(readFileSync(schemaPath, 'utf8'));
const answer = readFileSync(answerPath, 'utf8');
const seconds = Number(secondsText);

function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function rate(check, duration) {
  const begin = cpuSeconds();
  let count = 0;
  let end = begin;
  for (; end - begin < duration; end = cpuSeconds()) {
    for (let i = 0; i < 1000; i++) {
      if (!check(JSON.parse(answer))) throw new Error('The answer is refused.');
    }
    count += 1000;
  }
  return count / (end - begin);
}

function figure(allErrors) {
  const ajv = new Ajv.default({ allErrors });
  addFormats.default(ajv);
  const check = ajv.compile(schema);
  rate(check, seconds / 2);
  return rate(check, seconds).toFixed(0);
}

console.log(figure(false), figure(true));
