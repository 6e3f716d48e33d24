"""
Signing in with an account somewhere else: Google (OpenID Connect), Weixin, QQ. Each is there only where it is set up.

Who somebody is elsewhere is the pair of provider and their own id of him, never an e-mail or a nickname. Their tokens
are used once and kept nowhere; of what they tell of a person, the name he goes by is kept, to show which account it is.
"""
