// Nothing: its page does the work.
