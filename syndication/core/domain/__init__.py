"""What a sending domain says of itself in the DNS, judged: SPF, DKIM, DMARC, hosts, transport policies.

It asks nothing itself: each judge yields its questions, and whoever runs it answers them.
"""
