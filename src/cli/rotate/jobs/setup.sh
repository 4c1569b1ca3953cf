#!/bin/sh
# Sets up the rotation of keys in Google Cloud Secret Manager: its notices go by Pub/Sub to a service on Cloud Run, which
# runs this folder's image. Written by `aikeys-lsp rotate --emit gcp-pubsub`. No key stands here.
#
# What has to be set: PROJECT and REGION. And of each administrator's key a secret, once:
#     read -rs KEY && printf %s "$KEY" | gcloud secrets create aikeys-@ADMIN@ --data-file=-
#
# A notice has the attributes eventType=SECRET_ROTATE and secretId=projects/NUMBER/secrets/NAME; the service rotates the
# variable of `.env` whose reference leads there. eventType=ROTATE_DUE, which the scheduler sends, ends old keys whose time
# has come. What is known between two calls lies in a bucket: names and times, and values only encrypted with each other.
set -eu
PROJECT=${PROJECT:?set PROJECT}
REGION=${REGION:?set REGION}
gcloud config set project "$PROJECT"
NUMBER=$(gcloud projects describe "$PROJECT" --format='value(projectNumber)')
STATE=$PROJECT-aikeys-rotate
SERVICE=aikeys-rotate@$PROJECT.iam.gserviceaccount.com
CALLER=aikeys-notices@$PROJECT.iam.gserviceaccount.com

gcloud services enable run.googleapis.com pubsub.googleapis.com secretmanager.googleapis.com \
    cloudbuild.googleapis.com artifactregistry.googleapis.com cloudscheduler.googleapis.com
gcloud iam service-accounts create aikeys-rotate
gcloud iam service-accounts create aikeys-notices
gcloud storage buckets create "gs://$STATE" --location="$REGION" --uniform-bucket-level-access \
    --public-access-prevention
gcloud storage buckets add-iam-policy-binding "gs://$STATE" --member="serviceAccount:$SERVICE" \
    --role=roles/storage.objectUser

# What the service may do: read and renew these secrets, and read the administrators' keys.
for secret in \
    @SECRET@ \
; do
    for role in secretAccessor secretVersionManager viewer; do
        gcloud secrets add-iam-policy-binding "$secret" --member="serviceAccount:$SERVICE" \
            --role="roles/secretmanager.$role"
    done
done
gcloud secrets add-iam-policy-binding aikeys-@ADMIN@ --member="serviceAccount:$SERVICE" --role=roles/secretmanager.secretAccessor

# One at a time, and only Pub/Sub may call.
gcloud run deploy aikeys-rotate --source=. --region="$REGION" --service-account="$SERVICE" --no-allow-unauthenticated \
    --concurrency=1 --max-instances=1 --timeout=600 --execution-environment=gen2 --memory=512Mi \
    --add-volume="name=state,type=cloud-storage,bucket=$STATE,mount-options=uid=0;gid=0;file-mode=600;dir-mode=700" \
    --add-volume-mount=volume=state,mount-path=/state
gcloud run services update aikeys-rotate --region="$REGION" --update-env-vars="@ADMIN@=ref+gcpsecrets://$PROJECT/aikeys-@ADMIN@"
gcloud run services add-iam-policy-binding aikeys-rotate --region="$REGION" --member="serviceAccount:$CALLER" \
    --role=roles/run.invoker
URL=$(gcloud run services describe aikeys-rotate --region="$REGION" --format='value(status.url)')

gcloud pubsub topics create aikeys-rotate
gcloud beta services identity create --service=secretmanager.googleapis.com
gcloud pubsub topics add-iam-policy-binding aikeys-rotate \
    --member="serviceAccount:service-$NUMBER@gcp-sa-secretmanager.iam.gserviceaccount.com" --role=roles/pubsub.publisher
gcloud pubsub subscriptions create aikeys-rotate --topic=aikeys-rotate --push-endpoint="$URL" \
    --push-auth-service-account="$CALLER" --ack-deadline=600 --min-retry-delay=60s --max-retry-delay=600s
gcloud scheduler jobs create pubsub aikeys-rotate --location="$REGION" --schedule='17 5 * * *' --topic=aikeys-rotate \
    --message-body='{}' --attributes=eventType=ROTATE_DUE

# How often each secret is to be rotated.
NEXT=$(date -u -d '+1 day' +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -v+1d +%Y-%m-%dT%H:%M:%SZ)
gcloud secrets update @SECRET@ --add-topics="projects/$PROJECT/topics/aikeys-rotate" --rotation-period=30d --next-rotation-time="$NEXT"
