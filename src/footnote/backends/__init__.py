"""Language models. One file is one backend, and its name in a model address: `extractive`, `mock`,
`openai:…`. Each offers `connect(detail, environment) -> LLMBackend`."""
