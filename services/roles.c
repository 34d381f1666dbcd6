#include "roles.h"

/* Scopes are <what>:<act>. `personal` shows personal data in full, else it is masked. That applicants never
 * approve their own is checked where the approval is, whatever the role. */
const struct role roles[] = {
    {"admin", "*"},
    /* machines */
    {"storefront",
     "products:storefront orders:read orders:write orders:pay orders:cancel orders:personal events:read"},
    {"carrier", "tracking:write"},
    /* people */
    {"merchandiser", "products:read products:write products:submit products:publish stock:read "
                     "suppliers:read campaigns:write "
                     "campaigns:read tickets:read tickets:write tickets:personal "
                     "department:merchandising events:read"},
    {"reviewer", "products:read products:approve campaigns:read campaigns:approve events:read"},
    {"clerk", "orders:read orders:write orders:pay orders:confirm orders:hold orders:cancel orders:refund "
              "orders:personal orders:import imports:read imports:write "
              "products:read stock:read shipments:read tickets:read tickets:write tickets:personal "
              "department:orders tasks:read events:read"},
    {"cashier", "orders:read orders:pay orders:refund tickets:read tickets:write tickets:personal "
                "department:finance events:read"},
    {"stockkeeper",
     "stock:read stock:write imports:read imports:write products:read shipments:read events:read"},
    {"picker", "shipments:read shipments:scan waves:read exceptions:read shipments:personal"},
    {"warehouse_lead",
     "shipments:read shipments:scan shipments:ship shipments:personal waves:read waves:write tracking:write "
     "exceptions:read exceptions:write stock:read stock:write tickets:read tickets:write tickets:personal "
     "department:warehouse events:read"},
    {"agent", "tickets:read tickets:write tickets:personal department:support tasks:read tasks:write "
              "surveys:read customers:read "
              "customers:personal orders:read "
              "shipments:read events:read"},
    {"support_lead",
     "tickets:read tickets:write tickets:assign tickets:personal department:support calendar:write "
     "customers:erase tasks:read tasks:write surveys:read customers:read "
     "customers:personal orders:read orders:personal shipments:read events:read"},
    {"analyst", "sales:read reports:read quarantine:reprocess events:read products:read"},
    {"manager", "products:read products:approve orders:read orders:confirm orders:hold orders:cancel "
                "orders:refund channels:write stock:read "
                "shipments:read waves:read exceptions:read tickets:read tickets:write "
                "tickets:assign tickets:personal department:management calendar:write tasks:read "
                "surveys:read sales:read "
                "reports:read campaigns:read campaigns:approve events:read ops:read"},
    {"operator", "ops:read ops:write events:read"},
    {"customer", "orders:read orders:personal products:storefront"},
    {0},
};
