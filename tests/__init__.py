"""The tests: laws, rules, demos, renderers, screens, house rules. One command runs them all: pytest."""
