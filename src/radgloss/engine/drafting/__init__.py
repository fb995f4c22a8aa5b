"""What stands over a draft, whoever wrote it: inputs, states, places, checks, impression.

Each part is a function of nouns; `finished.Finished` puts them around any `Drafter`."""
