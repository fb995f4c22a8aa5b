"""The causal patient: disease → findings, symptoms, laboratory values, with the exact posterior.

Every number in here is a setting of a simulator, chosen so that pictures alone stay ambiguous. It
is not epidemiology and must never be quoted as such."""
