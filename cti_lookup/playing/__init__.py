"""
Phone systems, played: a call as each would tell of it, signed as each would sign it.

It is the senders' side of `dialects`: pure, and for trying a service out. What sends is `sending`.
"""
