"""Documents on throwaway hosts: applied, applied again, broken, healed, and looked at by witnesses."""
