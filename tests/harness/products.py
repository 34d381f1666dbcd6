"""The body of a product draft."""

IMAGE = {"url": "https://img.example.org/mug.jpg", "width": 800, "height": 800, "alt": "a mug"}


def mug(sku="MUG-1", **changes):
    variant = {"sku": sku, "barcode": f"bar-{sku}", "title": "blue", "options": {"colour": "blue"}, "price": 450,
               "cost": 200, "currency": "GBP", "weight_g": 320}
    return {"title": "Mug", "description": "A mug that holds coffee.", "category": "kitchen", "images": [IMAGE],
            "variants": [{**variant, **changes}]}
