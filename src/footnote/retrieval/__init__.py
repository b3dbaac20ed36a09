"""What to look up, and whether what was found is enough.

    gate --needs documents?--> follow_up --stands alone--> (search) --> fusion --> evidence
      \\--about the conversation--> conversation

All of it works without a language model. `docs/quality.md` has what each part was measured to do.
"""
