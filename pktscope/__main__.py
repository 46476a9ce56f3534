"""python -m pktscope."""

from pktscope.cli import main

if __name__ == "__main__":
    main()
