// Reads feeds with feedsmith, a parser that is not Python: a JSON line in, a JSON line out.
// In: {"kind": "rss"|"atom"|"json"|"opml", "text": "..."}. Out: {"value": ...} as the parser gives it, or {"error": "..."}.
import { createInterface } from 'node:readline'
import { parseAtomFeed, parseJsonFeed, parseOpml, parseRssFeed } from 'feedsmith'

const readers = { rss: parseRssFeed, atom: parseAtomFeed, json: parseJsonFeed, opml: parseOpml }

for await (const line of createInterface({ input: process.stdin })) {
  const { kind, text } = JSON.parse(line)
  let answer
  try {
    answer = { value: readers[kind](text) }
  } catch (error) {
    answer = { error: String(error) }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
