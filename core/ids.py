"""
Ids of rows that come with every deal: in the order of time, so that a day's rows lie side by side in every index.

Random ids scatter them: each write then touches a page of its own in each index that holds the id, and a sweep over a
million orders reads the whole of those indexes. Rows whose id is a secret or a name in public keep ``uuid4``.
"""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7


def timed_id() -> UUID:
    """
    A UUID of version 7 (RFC 9562, 5.7): milliseconds of the machine's clock, a counter, and 32 random bits.

    Later ones are greater within a process; between processes to the millisecond. It tells when it was made, and is no
    secret. A clock that is set back, or the sandbox's, which goes ahead, changes nothing but the order.
    """
    return uuid7()
