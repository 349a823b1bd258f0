"""The live app for any server: flask run, granian app:app --interface wsgi, gunicorn app:app."""

from feeds.web.app import create_app

app = create_app()
