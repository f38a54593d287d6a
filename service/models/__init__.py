"""Members of the committee.

`online` and `forest` learn (River, scikit-learn; only the learner and the trainer import them); `compiled` is what both
become and what the service scores with; `prior` needs neither; `committee` weighs and blends.
"""
